/** What a process says of itself: what it runs, how it hears of events, and what it has under way. */
import type { Replica } from "../../api/wire.ts"
import { exact } from "../../words/numbers.ts"

/** The application's version where it is known, as that is what a deployment changes; beside it, effect-integration's. */
const Versions = ({ applicationVersion, version }: Replica) =>
  version === null ? (
    <span className="text-faint">of an earlier version</span>
  ) : (
    <>
      {applicationVersion === null ? null : (
        <>
          <span title="Version of the application">{applicationVersion}</span>
          <span className="text-muted"> · </span>
        </>
      )}
      <span className={applicationVersion === null ? "" : "text-muted"}>effect-integration {version}</span>
    </>
  )

const Listening = ({ isListening }: { readonly isListening: boolean }) =>
  isListening ? (
    <span title="What other processes notify of reaches it.">hears at once</span>
  ) : (
    <span title="It hears nothing that other processes notify of, and finds their events by polling.">polls only</span>
  )

/** What it says of itself in two lines; of one that ended, what it ran. */
export const Condition = ({ replica }: { readonly replica: Replica }) => {
  const { batches, isListening, maxBatches, status } = replica
  return (
    <>
      <span className="block truncate">
        <Versions {...replica} />
      </span>
      {status !== "running" ? null : (
        <span className="block text-muted">
          {isListening === null ? null : <Listening isListening={isListening} />}
          {batches === null || maxBatches === null ? null : (
            <span title="Batches under way at its last sign of life, each with a connection of its pool, and how many there may be">
              {isListening === null ? "" : " · "}
              {exact(batches)} of {exact(maxBatches)} batches
            </span>
          )}
        </span>
      )}
    </>
  )
}
