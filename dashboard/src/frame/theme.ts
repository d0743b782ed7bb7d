/** Dark or light: as the system has it, or as was chosen. */
import { keep, readKept } from "../api/kept.ts"
import { makeStore } from "../api/store.ts"

export type Theme = "system" | "light" | "dark"

const stored = readKept("theme")

export const theme = makeStore<Theme>(stored === "light" || stored === "dark" ? stored : "system")

const show = () => {
  const chosen = theme.get()
  if (chosen === "system") delete document.documentElement.dataset.theme
  else document.documentElement.dataset.theme = chosen
}

show()

export const setTheme = (chosen: Theme) => {
  theme.set(chosen)
  keep("theme", chosen === "system" ? undefined : chosen)
  show()
}

/** Whether it is dark now; for what is drawn on a canvas. */
export const isDark = (): boolean =>
  theme.get() === "dark" || (theme.get() === "system" && matchMedia("(prefers-color-scheme: dark)").matches)
