/** Puts texts in the clipboard. */
import { notify } from "./notices.tsx"

/** Where the page came over plain HTTP from another machine, browsers have only this. */
const copyAsCommand = (text: string): boolean => {
  let isGiven = false
  const give = (event: ClipboardEvent) => {
    event.clipboardData?.setData("text/plain", text)
    event.preventDefault()
    isGiven = event.clipboardData !== null
  }
  document.addEventListener("copy", give)
  try {
    return document.execCommand("copy") && isGiven
  } finally {
    document.removeEventListener("copy", give)
  }
}

const written = (text: string): Promise<boolean> =>
  navigator.clipboard.writeText(text).then(
    () => true,
    () => false
  )

/** @returns whether it is there now; if not, it was said */
export const copy = async (text: string): Promise<boolean> => {
  const isThere = (isSecureContext && (await written(text))) || copyAsCommand(text)
  if (!isThere) notify("The browser does not let this page copy: select the text, and copy it yourself.")
  return isThere
}
