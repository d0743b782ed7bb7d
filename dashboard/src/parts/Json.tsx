/** A payload or metadata as whoever looks may see it: as a tree or as text, with all digits of its numbers. */
import { EyeOff } from "lucide-react"
import { type ReactNode, useMemo, useState } from "react"
import { useSession } from "../api/session.ts"
import type { EventDetails } from "../api/wire.ts"
import { layOut, readJson } from "../words/json.ts"
import { CopyButton } from "./Copy.tsx"
import { JsonTree } from "./JsonTree.tsx"

export interface JsonProps {
  /** What it is, as `Payload`: its name for those who hear it, and in sentences. */
  readonly label: string
  /** As the server told it; null when there is none, it is too large, or it may not be seen. */
  readonly text: string | null
  readonly visibility: EventDetails["visibility"]
  /** How large it is, when it is too large to be told. */
  readonly oversizeBytes?: number | null | undefined
}

const sizeText = (bytes: number) =>
  bytes < 1_048_576 ? `${Math.ceil(bytes / 1024)} kB` : `${(bytes / 1_048_576).toFixed(1)} MB`

const Sentence = ({ children }: { readonly children: ReactNode }) => (
  <p className="flex items-start gap-2 py-1 text-muted">
    <EyeOff size={14} className="mt-[3px] shrink-0 text-faint" aria-hidden="true" />
    <span>{children}</span>
  </p>
)

/** Why a document, or some of it, is not seen; undefined if all of it is. */
const useKept = ({ label, oversizeBytes, text, visibility }: JsonProps): string | undefined => {
  const session = useSession()
  if (visibility === "none")
    return `${label} is kept from your role${session === undefined ? "" : ` (${session.role})`}.`
  if (typeof oversizeBytes === "number") return `${label} is ${sizeText(oversizeBytes)}: too large to be shown here.`
  if (text === null || visibility === "full") return undefined
  return session?.visibility === "full"
    ? "Some values are hidden on this page. What is hidden cannot be searched or edited either."
    : "Values are kept from your role: you see the keys, and what kind each value is."
}

const Missing = ({ children }: { readonly children: ReactNode }) => <p className="py-1 text-muted">{children}</p>

/** Longer texts, in characters, take so long to read that somebody has to ask for it. */
const large = 200_000

/** Its beginning, until somebody asks for all of it: long texts take the browser seconds to lay out. */
const LargeText = ({ text }: { readonly text: string }) => {
  const [isWhole, setWhole] = useState(false)
  return (
    <pre className="break-words whitespace-pre-wrap">
      {isWhole ? text : `${text.slice(0, large)}…`}
      {isWhole ? null : (
        <button type="button" className="block h-8 text-accent underline" onClick={() => setWhole(true)}>
          All {text.length.toLocaleString("en-GB")} characters
        </button>
      )}
    </pre>
  )
}

const Shown = ({ label, text }: { readonly label: string; readonly text: string }) => {
  const isLarge = text.length > large
  const [wanted, setWanted] = useState<"tree" | "text">(isLarge ? "text" : "tree")
  const isRead = wanted === "tree"
  const node = useMemo(() => (isRead ? readJson(text) : undefined), [isRead, text])
  const form = node === undefined ? "text" : "tree"
  return (
    <div data-framed className="min-w-0 rounded-md border border-line bg-surface">
      <div className="flex items-center gap-1 border-b border-line px-2">
        {(["tree", "text"] as const).map((each) => (
          <button
            key={each}
            type="button"
            aria-pressed={form === each}
            onClick={() => setWanted(each)}
            className="h-8 rounded-md px-2 text-muted hover:text-text aria-pressed:font-semibold aria-pressed:text-text"
          >
            {each === "tree" ? "Tree" : "Text"}
          </button>
        ))}
        <span className="ml-auto">
          <CopyButton text={text} label={`Copy ${label.toLowerCase()}`} />
        </span>
      </div>
      <div className="max-h-[60dvh] overflow-auto px-4 py-2">
        {node === undefined ? (
          <section
            aria-label={label}
            // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be reached with keys.
            tabIndex={0}
          >
            {isLarge ? (
              <LargeText text={text} />
            ) : (
              <pre className="break-words whitespace-pre-wrap">{layOut(text)}</pre>
            )}
          </section>
        ) : (
          <JsonTree label={label} node={node} />
        )}
      </div>
    </div>
  )
}

export const Json = (props: JsonProps) => {
  const why = useKept(props)
  return (
    <div className="grid min-w-0 gap-1">
      {why === undefined ? null : <Sentence>{why}</Sentence>}
      {props.text !== null ? (
        <Shown label={props.label} text={props.text} />
      ) : why === undefined ? (
        <Missing>There is none.</Missing>
      ) : null}
    </div>
  )
}
