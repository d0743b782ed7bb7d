/** An error with its stack: the message first, frames below it, long ones unfolded when wanted. */
import { useState } from "react"
import { CopyButton } from "../../parts/Copy.tsx"

/** Lines that are shown folded. */
const folded = 12

export const Stack = ({ text }: { readonly text: string }) => {
  const [isWhole, setWhole] = useState(false)
  const lines = text.split("\n")
  const begin = lines.findIndex((line) => /^\s+at /.test(line))
  const message = begin < 0 ? lines : lines.slice(0, begin)
  const frames = begin < 0 ? [] : lines.slice(begin)
  const shown = isWhole ? frames : frames.slice(0, folded)
  return (
    <div className="flex items-start gap-2">
      <pre className="min-w-0 flex-1 py-1.5 whitespace-pre-wrap [overflow-wrap:anywhere]">
        <span className="font-semibold">{message.join("\n")}</span>
        {shown.length === 0 ? null : <span className="text-muted">{`\n${shown.join("\n")}`}</span>}
        {frames.length > shown.length ? (
          <button type="button" className="block h-8 text-accent hover:underline" onClick={() => setWhole(true)}>
            {frames.length - shown.length} more frames
          </button>
        ) : null}
      </pre>
      <CopyButton text={text} label="Copy the error" />
    </div>
  )
}
