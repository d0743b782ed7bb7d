/** Who publishes and who takes which version, in the span of time. */

import { Link } from "wouter"
import type { Flow } from "../../api/wire.ts"
import { Count } from "../../parts/Figure.tsx"
import { type Range, rangeWords } from "../../parts/range.ts"
import { StateMark } from "../../parts/StateMark.tsx"
import { short } from "../../words/numbers.ts"
import type { KnownEvent } from "./known.ts"

const flowOf = ({ flows }: KnownEvent, consumer: string | null, version: number) =>
  flows?.find((flow) => flow.consumer === consumer && flow.schemaVersion === version)

const Taken = ({ flow }: { readonly flow: Flow | undefined }) => {
  if (flow === undefined) return <span className="text-faint">–</span>
  const { gaveUp, processed, skipped } = flow
  return (
    <span className="inline-flex flex-wrap justify-end gap-x-3">
      {processed > 0 || (gaveUp === 0 && skipped === 0) ? <Count value={processed} /> : null}
      {skipped > 0 ? <StateMark state="paused" word={`${short(skipped)} skipped`} /> : null}
      {gaveUp > 0 ? <StateMark state="gave-up" word={`${short(gaveUp)} gave up`} /> : null}
    </span>
  )
}

/** Consumers that are known to subscribe, and those that took some of it. */
const consumersOf = ({ consumers, flows = [] }: KnownEvent) =>
  [...new Set([...consumers, ...flows.flatMap(({ consumer }) => (consumer === null ? [] : [consumer]))])].toSorted()

const cell = "py-1.5 pl-4 text-right align-top"

export const Traffic = ({ event, range }: { readonly event: KnownEvent; readonly range: Range }) => {
  const consumers = consumersOf(event)
  return (
    <div className="overflow-x-auto">
      <table aria-label={`Traffic by version in ${rangeWords[range]}`} className="w-full border-collapse">
        <thead>
          <tr className="border-b border-line text-sm text-muted">
            <th scope="col" className="py-1 text-left font-normal">
              In {rangeWords[range]}
            </th>
            {event.versions.map(({ version }) => (
              <th key={version} scope="col" className={`${cell} py-1 font-normal whitespace-nowrap`}>
                Version {version}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          <tr className="border-b border-line">
            <th scope="row" className="py-1.5 text-left font-normal">
              Published by {event.latest.sourceModule}
            </th>
            {event.versions.map(({ version }) => (
              <td key={version} className={cell}>
                {event.flows === undefined ? "–" : <Count value={flowOf(event, null, version)?.published ?? 0} />}
              </td>
            ))}
          </tr>
          {consumers.map((consumer) => (
            <tr key={consumer} className="border-b border-line/60 last:border-0">
              <th scope="row" className="py-1.5 text-left font-normal">
                <Link href={`/consumers/${encodeURIComponent(consumer)}`} className="break-all hover:underline">
                  {consumer}
                </Link>
                {event.consumers.includes(consumer) ? null : (
                  <span className="block text-sm text-muted">no longer subscribed</span>
                )}
              </th>
              {event.versions.map(({ version }) => (
                <td key={version} className={cell}>
                  <Taken flow={flowOf(event, consumer, version)} />
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
      {consumers.length === 0 ? <p className="py-2 text-muted">No consumer is for it.</p> : null}
    </div>
  )
}
