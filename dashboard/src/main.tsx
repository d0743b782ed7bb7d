/** Begins the page. */
import { setNonce } from "get-nonce"
import { createRoot } from "react-dom/client"
import { App } from "./App.tsx"
import "./theme.css"

const nonce = document.querySelector<HTMLMetaElement>("meta[property=csp-nonce]")?.nonce

if (nonce !== undefined) setNonce(nonce)

createRoot(document.getElementById("root")!).render(<App />)
