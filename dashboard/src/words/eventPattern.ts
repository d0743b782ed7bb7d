/** Patterns of subscriptions: `*` stands for any characters. */

const matcherOf = (pattern: string) => {
  const escaped = pattern.split(/\*+/).map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"))
  return new RegExp(`^${escaped.join(".*")}$`, "su")
}

interface Subscribed {
  readonly subscriptions: ReadonlyArray<{ readonly event: string }>
}

/** Who has a subscription whose name or pattern is for an event, in the order given. */
export const subscribedTo = <Each extends Subscribed>(all: ReadonlyArray<Each>) => {
  const byName = new Map<string, Array<number>>()
  const matchers: Array<readonly [matcher: RegExp, index: number]> = []
  for (const [index, { subscriptions }] of all.entries())
    for (const { event } of subscriptions) {
      const known = byName.get(event)
      if (event.includes("*")) matchers.push([matcherOf(event), index])
      else if (known === undefined) byName.set(event, [index])
      else known.push(index)
    }
  return (event: string): ReadonlyArray<Each> => {
    const matching = matchers.flatMap(([matcher, index]) => (matcher.test(event) ? [index] : []))
    const indices = new Set([...(byName.get(event) ?? []), ...matching])
    return [...indices].toSorted((one, other) => one - other).map((index) => all[index]!)
  }
}
