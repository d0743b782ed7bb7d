/** What a process says of itself: what it runs, how it hears of events, and what it has under way. */
import type { Replica } from "../../api/wire.ts"
import { StateMark } from "../../parts/StateMark.tsx"
import { exact } from "../../words/numbers.ts"

/** Of an earlier version, which does not say. */
const Unknown = () => (
  <span className="text-faint" title="It is of an earlier version, which does not say.">
    <span aria-hidden="true">–</span>
    <span className="sr-only">unknown</span>
  </span>
)

/** The application's version where it is known, as that is what a deployment changes; beside it, effect-integration's. */
export const Versions = ({ replica: { applicationVersion, version } }: { readonly replica: Replica }) => {
  if (version === null) return <Unknown />
  const engine = `effect-integration ${version}`
  if (applicationVersion === null) return <span title="Of effect-integration">{engine}</span>
  return (
    <>
      <span title={`Of the application: ${applicationVersion}`}>{applicationVersion}</span>
      <span className="text-muted"> · {engine}</span>
    </>
  )
}

export const Listener = ({ replica: { isListening, status } }: { readonly replica: Replica }) => {
  if (status !== "running") return null
  if (isListening === null) return <Unknown />
  return isListening ? (
    <StateMark state="done" word="at once" />
  ) : (
    <span title="What other processes notify of does not reach it, so it finds their events by polling.">
      <StateMark state="retrying" word="by polling" />
    </span>
  )
}

/** Each batch holds a connection of the pool. */
export const Batches = ({ replica: { batches, maxBatches, status } }: { readonly replica: Replica }) => {
  if (status !== "running") return null
  if (batches === null || maxBatches === null) return <Unknown />
  return (
    <span title="Batches under way at its last sign of life, each with a connection of the pool, of how many there may be">
      {exact(batches)} of {exact(maxBatches)}
      <span className="sm:hidden"> batches</span>
    </span>
  )
}
