/** Attempts, the last first: those that failed, and the one that succeeded, of which the end is stored only. */
import type { DeadLetterDetails, EventDelivery } from "../../api/wire.ts"
import { Panel } from "../../parts/Panel.tsx"
import { Clock } from "../../parts/Time.tsx"
import { duration } from "../../words/numbers.ts"

type Attempt = DeadLetterDetails["attempts"][number]

const outcomes: Readonly<Record<Attempt["outcome"], string>> = {
  started: "never ended: its process did",
  retry: "failed, was to be retried",
  dead_letter: "failed, gave up",
  failed: "failed for good"
}

interface Success {
  readonly attempt: number
  readonly at: string
}

/** The attempt by which a delivery was processed. */
export const successOf = (delivery: EventDelivery | undefined): Success | undefined =>
  delivery?.status === "processed" && delivery.processedAt !== null
    ? { attempt: Math.max(1, delivery.attemptCount), at: delivery.processedAt }
    : undefined

const lasted = ({ finishedAt, startedAt }: Attempt) =>
  finishedAt === null ? "–" : duration(new Date(finishedAt).getTime() - new Date(startedAt).getTime())

const Row = ({ attempt }: { readonly attempt: Attempt }) => (
  <tr className="border-b border-line/60 align-top last:border-0 max-sm:flex max-sm:flex-wrap max-sm:gap-x-3 max-sm:py-1.5">
    <td className="w-8 py-1.5 pr-3 text-right font-semibold max-sm:w-auto max-sm:py-0">{attempt.attempt}</td>
    <td className="py-1.5 pr-3 max-sm:py-0">
      <Clock at={attempt.startedAt} />
    </td>
    <td className="py-1.5 pr-3 text-right whitespace-nowrap max-sm:py-0">{lasted(attempt)}</td>
    <td className="py-1.5 pr-3 whitespace-nowrap text-muted max-sm:py-0">{outcomes[attempt.outcome]}</td>
    <td className="w-full py-1.5 max-sm:py-0 [overflow-wrap:anywhere]">
      {attempt.error?.split("\n", 1)[0] ?? attempt.errorTag ?? ""}
    </td>
  </tr>
)

const SuccessRow = ({ success: { at, attempt } }: { readonly success: Success }) => (
  <tr className="border-b border-line/60 align-top last:border-0 max-sm:flex max-sm:flex-wrap max-sm:gap-x-3 max-sm:py-1.5">
    <td className="w-8 py-1.5 pr-3 text-right font-semibold max-sm:w-auto max-sm:py-0">{attempt}</td>
    <td className="py-1.5 pr-3 max-sm:py-0" title="When it began is not stored.">
      –
    </td>
    <td className="py-1.5 pr-3 text-right max-sm:py-0">–</td>
    <td className="py-1.5 pr-3 whitespace-nowrap text-done max-sm:py-0" colSpan={2}>
      succeeded at <Clock at={at} />
    </td>
  </tr>
)

export const Attempts = ({
  attempts,
  success
}: {
  readonly attempts: ReadonlyArray<Attempt>
  readonly success?: Success | undefined
}) => (
  <Panel title="Attempts">
    {attempts.length === 0 && success === undefined ? (
      <p className="text-muted">None is recorded: it could not be handed to its handler.</p>
    ) : (
      <table className="w-full text-sm max-sm:block" aria-label="Attempts, the last first">
        <thead className="sr-only">
          <tr>
            <th scope="col">Attempt</th>
            <th scope="col">Begun</th>
            <th scope="col">Lasted</th>
            <th scope="col">Outcome</th>
            <th scope="col">Error</th>
          </tr>
        </thead>
        <tbody className="max-sm:block">
          {success === undefined ? null : <SuccessRow success={success} />}
          {attempts.toReversed().map((attempt) => (
            <Row key={`${attempt.attempt} ${attempt.startedAt}`} attempt={attempt} />
          ))}
        </tbody>
      </table>
    )}
  </Panel>
)
