/** Begins the page. */
import { setNonce } from "get-nonce"
import { createRoot } from "react-dom/client"
import { App } from "./App.tsx"
import { loadScreens } from "./frame/lazyScreen.ts"
import "./theme.css"

const nonce = document.querySelector<HTMLMetaElement>("meta[property=csp-nonce]")?.nonce

if (nonce !== undefined) setNonce(nonce)

// As it is now: relative to the address it would be another one as soon as the address has more parts.
const icon = document.querySelector<HTMLLinkElement>("link[rel=icon]")

if (icon !== null) icon.href = new URL(icon.href).href

createRoot(document.getElementById("root")!).render(<App />)

/** Late enough that the first screen has its answers. */
setTimeout(() => void loadScreens(), 3_000)
