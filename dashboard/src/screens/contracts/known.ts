/** Contracts by event, with who consumes them and what flowed. */

import { useMemo } from "react"
import { useAsk } from "../../api/asking.ts"
import type { Consumer, Contract, Flow } from "../../api/wire.ts"
import { spanOf, useRange } from "../../parts/range.ts"
import { useNow } from "../../words/clock.ts"
import { subscribedTo } from "../../words/eventPattern.ts"

export interface KnownEvent {
  readonly name: string
  /** The earliest first. */
  readonly versions: ReadonlyArray<Contract>
  readonly latest: Contract
  /** Who subscribes to it, by name or pattern. */
  readonly consumers: ReadonlyArray<string>
  /** Of the span; undefined while they are not known. */
  readonly flows: ReadonlyArray<Flow> | undefined
}

const byEvent = <A extends { readonly eventName: string }>(
  all: ReadonlyArray<A>
): ReadonlyMap<string, ReadonlyArray<A>> => {
  const groups = new Map<string, Array<A>>()
  for (const each of all) {
    const group = groups.get(each.eventName)
    if (group === undefined) groups.set(each.eventName, [each])
    else group.push(each)
  }
  return groups
}

const eventsOf = (
  contracts: ReadonlyArray<Contract>,
  consumers: ReadonlyArray<Consumer>,
  flows: ReadonlyArray<Flow> | undefined
): ReadonlyArray<KnownEvent> => {
  const byName = byEvent(contracts)
  const flowsByName = flows === undefined ? undefined : byEvent(flows)
  const subscribed = subscribedTo(consumers)
  return [...byName]
    .map(([name, found]): KnownEvent => {
      const versions = found.toSorted((a, b) => a.version - b.version)
      return {
        name,
        versions,
        latest: versions.at(-1)!,
        consumers: subscribed(name).map(({ consumer }) => consumer),
        flows: flowsByName === undefined ? undefined : (flowsByName.get(name) ?? [])
      }
    })
    .toSorted((a, b) => (a.name < b.name ? -1 : 1))
}

export const useKnownEvents = () => {
  const [range] = useRange()
  const query = spanOf(range, useNow())
  const contracts = useAsk("/contracts", {}, { every: 60_000 })
  const consumers = useAsk("/consumers", {}, { every: 60_000 })
  const flows = useAsk("/map", { query }, { every: 30_000 })
  const events = useMemo(
    () => eventsOf(contracts.data ?? [], consumers.data ?? [], flows.data),
    [contracts.data, consumers.data, flows.data]
  )
  return { contracts, range, events }
}

export const publishedOf = ({ flows }: KnownEvent): number | undefined =>
  flows?.reduce((sum, { published }) => sum + published, 0)
