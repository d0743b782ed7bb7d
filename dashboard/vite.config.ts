import tailwind from "@tailwindcss/vite"
import react from "@vitejs/plugin-react"
import { defineConfig } from "vite"

/** Where the administration is that the page asks while it is being worked on: by default that of the demo. */
const admin = process.env.ADMIN_URL ?? "http://127.0.0.1:4984"

export default defineConfig({
  plugins: [react(), tailwind()],
  // Where it is served is known when it is asked for.
  base: "./",
  // The server puts one of its own into each page.
  html: { cspNonce: "__CSP_NONCE__" },
  build: {
    outDir: "../dist/dashboard/static",
    emptyOutDir: true,
    manifest: true,
    // No scripts and no pictures in the page or the styles: the page's policy refuses some, and all are to be cached.
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0,
    target: "es2022"
  },
  // The administration refuses what a page of another origin asks for: to it, this one is its own.
  server: { host: "127.0.0.1", proxy: { "/api": { target: admin, changeOrigin: true, headers: { origin: admin } } } }
})
