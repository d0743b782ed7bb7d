/** Dark or light: as the system has it, or as was chosen. */
import { makeStore } from "../api/store.ts"

export type Theme = "system" | "light" | "dark"

const stored = localStorage.getItem("theme")

export const theme = makeStore<Theme>(stored === "light" || stored === "dark" ? stored : "system")

const show = () => {
  const chosen = theme.get()
  if (chosen === "system") delete document.documentElement.dataset.theme
  else document.documentElement.dataset.theme = chosen
}

show()

export const setTheme = (chosen: Theme) => {
  theme.set(chosen)
  if (chosen === "system") localStorage.removeItem("theme")
  else localStorage.setItem("theme", chosen)
  show()
}

/** Whether it is dark now; for what is drawn on a canvas. */
export const isDark = (): boolean =>
  theme.get() === "dark" || (theme.get() === "system" && matchMedia("(prefers-color-scheme: dark)").matches)
