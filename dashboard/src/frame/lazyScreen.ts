/** Screens are loaded when they are shown first, or when the page has nothing else to do, so that they are there when the server is not. */
import { type ComponentType, lazy } from "react"
import { apiPath } from "../api/base.ts"

type Loaded = { readonly default: ComponentType }

const loaders: Array<() => Promise<Loaded>> = []

const pause = (millis: number) => new Promise((resolve) => setTimeout(resolve, millis))

const isReached = () =>
  fetch(`${apiPath}/session`, { credentials: "same-origin" }).then(
    () => true,
    () => false
  )

/** Waits for a server that is away. One that answers, and does not have the file, has another version of the page. */
const patiently = async (load: () => Promise<Loaded>): Promise<Loaded> => {
  for (;;) {
    try {
      return await load()
    } catch {
      if (await isReached()) return load()
      await pause(2_000)
    }
  }
}

export const lazyScreen = (load: () => Promise<Loaded>) => {
  loaders.push(load)
  return lazy(() => patiently(load))
}

/** One after the other, so that what is asked for meanwhile does not wait. */
export const loadScreens = async () => {
  for (const load of loaders) await load().catch(() => undefined)
}
