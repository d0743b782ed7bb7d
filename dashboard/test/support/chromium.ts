/** Where Chromium is, and how it is started: headless, and without asking anybody for anything. */
import { existsSync } from "node:fs"
import { chromium } from "playwright-core"

const places = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"]

/** The one that `CHROMIUM` names, or one that is installed; empty if there is none. */
export const findChromium = (): string => {
  const given = process.env.CHROMIUM ?? ""
  return given === "" ? (places.find((place) => existsSync(place)) ?? "") : given
}

export const launch = (executablePath: string) =>
  chromium.launch({
    executablePath,
    args: [
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync"
    ]
  })

/** Widths at which the page is looked at, in pixels. */
export const widths = { phone: 400, tablet: 900, desk: 1440 } as const

export const sizeOf = (width: number) => ({ width, height: width < 600 ? 800 : 900 })
