/** The payload that the handler gets, and the one of the event where somebody edited it. */
import type { DeadLetterDetails } from "../../api/wire.ts"
import { CopyButton } from "../../parts/Copy.tsx"
import { Panel } from "../../parts/Panel.tsx"
import { layOut } from "../../words/json.ts"

const Text = ({ json }: { readonly json: string }) => (
  <pre className="max-h-96 overflow-auto py-1 whitespace-pre-wrap [overflow-wrap:anywhere]">{layOut(json)}</pre>
)

const missing = ({ visibility }: DeadLetterDetails) =>
  visibility === "none" ? "You may not see payloads." : "It is too large to be shown here."

export const PayloadShown = ({ letter }: { readonly letter: DeadLetterDetails }) => {
  const { isEdited, originalPayload, payload, visibility } = letter
  return (
    <Panel
      title="Payload"
      actions={payload === null ? undefined : <CopyButton text={payload} label="Copy the payload" />}
    >
      {payload === null ? <p className="text-muted">{missing(letter)}</p> : <Text json={payload} />}
      {visibility === "masked" ? <p className="text-muted">Parts of it are hidden from you.</p> : null}
      {isEdited ? (
        <section className="mt-2 border-t border-line pt-2">
          <h3>As it was published</h3>
          <p className="text-muted">
            The one above was edited, for {letter.consumer} only. Other consumers get this one:
          </p>
          {originalPayload === null ? <p className="text-muted">{missing(letter)}</p> : <Text json={originalPayload} />}
        </section>
      ) : null}
    </Panel>
  )
}
