/** A JSON document to open and close, each value with the characters that it has. */
import { useState } from "react"
import type { JsonNode } from "../words/json.ts"

type Branch = Extract<JsonNode, { readonly kind: "object" | "list" }>

/** Entries that are drawn before somebody asks for more. */
const page = 100

/** Documents with fewer values are shown open. */
const smallEnough = 60

/** Longer texts are cut until somebody asks. */
const longText = 400

const isBranch = (node: JsonNode): node is Branch => node.kind === "object" || node.kind === "list"

const entriesOf = (node: Branch): ReadonlyArray<readonly [string, JsonNode]> =>
  node.kind === "object" ? node.entries : node.items.map((item, index) => [String(index), item])

const sizeOf = (node: JsonNode): number =>
  isBranch(node) ? entriesOf(node).reduce((sum, [, each]) => sum + sizeOf(each), 1) : 1

const kept = /^"‹(hidden|text|number|true or false)›"$/

const Leaf = ({ node }: { readonly node: Exclude<JsonNode, Branch> }) => {
  const [isWhole, setWhole] = useState(false)
  const { kind, source } = node
  if (kind === "text" && kept.test(source)) return <span className="text-faint italic">{source.slice(1, -1)}</span>
  const isCut = !isWhole && source.length > longText
  return (
    <span className={kind === "text" ? "break-words whitespace-pre-wrap" : "font-semibold"}>
      {isCut ? `${source.slice(0, longText)}…` : source}
      {isCut ? (
        <button type="button" className="ml-2 text-accent underline" onClick={() => setWhole(true)}>
          All {source.length.toLocaleString("en-GB")} characters
        </button>
      ) : null}
    </span>
  )
}

const Entry = ({ isIndex, name, node, ...rest }: NodeProps & { readonly name: string; readonly isIndex: boolean }) => {
  const label = <span className={isIndex ? "text-faint" : "text-muted"}>{name}: </span>
  return (
    <li className="leading-5">
      {isBranch(node) ? <BranchView {...rest} node={node} label={label} /> : <Plain label={label} node={node} />}
    </li>
  )
}

const Plain = ({ label, node }: { readonly label: React.ReactNode; readonly node: Exclude<JsonNode, Branch> }) => (
  <div className="pl-4 -indent-2">
    {label}
    <Leaf node={node} />
  </div>
)

interface NodeProps {
  readonly node: JsonNode
  readonly depth: number
  readonly openTo: number
}

const BranchView = ({
  depth,
  label,
  node,
  openTo
}: NodeProps & { readonly node: Branch; readonly label: React.ReactNode }) => {
  const [isOpen, setOpen] = useState(depth < openTo)
  const [shown, setShown] = useState(page)
  const entries = entriesOf(node)
  const [open, close] = node.kind === "object" ? ["{", "}"] : ["[", "]"]
  if (entries.length === 0) {
    return (
      <div className="pl-2">
        {label}
        <span className="text-faint">
          {open}
          {close}
        </span>
      </div>
    )
  }
  return (
    <>
      <button
        type="button"
        aria-expanded={isOpen}
        onClick={() => setOpen(!isOpen)}
        className="max-w-full rounded text-left hover:bg-hover max-sm:min-h-8"
      >
        <span aria-hidden="true" className="inline-block w-2 text-[9px] text-faint">
          {isOpen ? "▾" : "▸"}
        </span>
        {label}
        <span className="text-faint">
          {open}
          {isOpen ? "" : ` ${entries.length} ${close}`}
        </span>
      </button>
      {isOpen ? (
        <>
          <ul className="ml-1 border-l border-line pl-2">
            {entries.slice(0, shown).map(([key, each], index) => (
              <Entry
                // biome-ignore lint/suspicious/noArrayIndexKey: a document does not change, and may have a key twice.
                key={index}
                name={key}
                isIndex={node.kind === "list"}
                node={each}
                depth={depth + 1}
                openTo={openTo}
              />
            ))}
            {entries.length > shown ? (
              <li>
                <button
                  type="button"
                  className="h-8 text-accent underline"
                  onClick={() => setShown((count) => count + 5 * page)}
                >
                  {entries.length - shown} more
                </button>
              </li>
            ) : null}
          </ul>
          <span className="pl-2 text-faint">{close}</span>
        </>
      ) : null}
    </>
  )
}

export const JsonTree = ({ label, node }: { readonly label: string; readonly node: JsonNode }) => (
  <section aria-label={label} className="font-mono text-sm break-words">
    {isBranch(node) ? (
      <BranchView node={node} label="" depth={0} openTo={sizeOf(node) <= smallEnough ? Number.POSITIVE_INFINITY : 2} />
    ) : (
      <Leaf node={node} />
    )}
  </section>
)
