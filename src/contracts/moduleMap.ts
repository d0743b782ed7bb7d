/**
 * Who publishes what, and who consumes it, as a Mermaid diagram.
 *
 * @internal
 */
import { matcher } from "../model/eventPattern.ts"
import type { Contract } from "../stores/ContractStore.ts"
import type { Subscription } from "../stores/SubscriptionStore.ts"

/** A consumer's interest in a name or pattern. @since 0.1.0 */
export type Interest = Pick<Subscription, "consumer" | "event">

/** Text between quotes. Everything that Mermaid or HTML might read is written by its number. */
const label = (text: string) => `"${text.replace(/["#<>&\\\n\r`]/g, (char) => `#${char.codePointAt(0)};`)}"`

/** The module of a consumer: its name up to the first dot. */
const moduleOf = (consumer: string) => consumer.split(".", 1)[0] ?? consumer

/** Numbers things as they come. */
const numbered = (prefix: string) => {
  const known = new Map<string, string>()
  return (name: string) => {
    const id = known.get(name) ?? `${prefix}${known.size}`
    known.set(name, id)
    return id
  }
}

const latest = (contracts: ReadonlyArray<Contract>) =>
  new Map(contracts.toSorted((a, b) => a.version - b.version).map((contract) => [contract.eventName, contract]))

const titleOf = ({ deprecated, eventName, version }: Contract) =>
  `${eventName} v${version}${deprecated === null ? "" : " (deprecated)"}`

/** Modules are boxes, in the order of their names, with what they publish on the left and their consumers on the right. */
export const moduleMapOf = (contracts: ReadonlyArray<Contract>, interests: ReadonlyArray<Interest>): string => {
  const [moduleId, eventId, consumerId] = [numbered("m"), numbered("e"), numbered("c")]
  const events = [...latest(contracts).values()].toSorted((a, b) => (a.eventName < b.eventName ? -1 : 1))
  // Numbered in the order in which they stand in the diagram.
  for (const { eventName } of events) eventId(eventName)
  const consumers = [...new Set(interests.map(({ consumer }) => consumer))].toSorted()
  const box = (key: string, name: string, lines: ReadonlyArray<string>) => [
    `  subgraph ${moduleId(key)}[${label(name)}]`,
    ...lines.map((line) => `    ${line}`),
    "  end"
  ]
  const publishing = [...Map.groupBy(events, ({ sourceModule }) => sourceModule)].toSorted(([a], [b]) =>
    a < b ? -1 : 1
  )
  const consuming = [...Map.groupBy(consumers, moduleOf)]
  const edges = interests
    .toSorted((a, b) => (a.consumer < b.consumer ? -1 : 1))
    .flatMap(({ consumer, event }) => {
      const matches = matcher(event)
      const heard = events.filter(({ eventName }) => matches(eventName))
      // What nobody publishes as far as is known is shown all the same: by the name or pattern of who waits for it.
      return heard.length === 0
        ? [`  ${eventId(event)}[${label(event)}]:::unknown -.-> ${consumerId(consumer)}`]
        : heard.map(({ eventName }) => `  ${eventId(eventName)} --> ${consumerId(consumer)}`)
    })
  return [
    "flowchart LR",
    ...publishing.flatMap(([name, own]) =>
      box(
        `publishes ${name}`,
        name,
        own.map((contract) => `${eventId(contract.eventName)}[${label(titleOf(contract))}]`)
      )
    ),
    ...consuming.flatMap(([name, own]) =>
      box(
        `consumes ${name}`,
        name,
        own.map((consumer) => `${consumerId(consumer)}([${label(consumer)}])`)
      )
    ),
    ...new Set(edges),
    "  classDef unknown stroke-dasharray: 4 4",
    ""
  ].join("\n")
}
