/** An id or a text that can be copied. */
import { Check, Copy as CopyIcon } from "lucide-react"
import { useEffect, useState } from "react"
import { copy } from "./clipboard.ts"

export const CopyButton = ({ label = "Copy", text }: { readonly text: string; readonly label?: string }) => {
  const [isCopied, setCopied] = useState(false)
  useEffect(() => {
    if (!isCopied) return
    const timer = setTimeout(() => setCopied(false), 1_500)
    return () => clearTimeout(timer)
  }, [isCopied])
  return (
    <button
      type="button"
      aria-label={isCopied ? "Copied" : label}
      title={label}
      className="inline-flex size-8 shrink-0 items-center justify-center rounded-md text-faint hover:bg-hover hover:text-text"
      onClick={(event) => {
        event.stopPropagation()
        void copy(text).then(setCopied)
      }}
    >
      {isCopied ? <Check size={14} className="text-running" /> : <CopyIcon size={14} />}
    </button>
  )
}

/** In monospace, with a button to copy it. */
export const Id = ({ id, shown = id }: { readonly id: string; readonly shown?: string }) => (
  <span className="-my-1.5 inline-flex max-w-full min-w-0 items-center align-middle">
    <code className="truncate" title={id}>
      {shown}
    </code>
    <CopyButton text={id} label="Copy id" />
  </span>
)
