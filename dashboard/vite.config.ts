import tailwind from "@tailwindcss/vite"
import react from "@vitejs/plugin-react"
import { defineConfig } from "vite"

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
  server: { host: "127.0.0.1", proxy: { "/api": process.env.ADMIN_URL ?? "http://127.0.0.1:4984" } }
})
