/** Screens are loaded when they are shown first, or when the page has nothing else to do, so that they are there when the server is not. */
import { type ComponentType, lazy } from "react"
import { patiently } from "../api/loading.ts"

type Loaded = { readonly default: ComponentType }

const loaders: Array<() => Promise<Loaded>> = []

export const lazyScreen = (load: () => Promise<Loaded>) => {
  loaders.push(load)
  return lazy(() => patiently(load))
}

/** One after the other, so that what is asked for meanwhile does not wait. */
export const loadScreens = async () => {
  for (const load of loaders) await load().catch(() => undefined)
}
