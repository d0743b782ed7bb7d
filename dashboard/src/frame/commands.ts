/** What the palette offers: screens, consumers, names of events, and anything that looks like an id. */
import type { Consumer } from "../api/wire.ts"
import { quoted } from "../screens/events/language.ts"
import { screens } from "../screens.tsx"
import { entityOf } from "../words/entities.ts"

export interface Command {
  readonly id: string
  readonly title: string
  readonly kind: "screen" | "consumer" | "event" | "go to" | "search"
  readonly href: string
}

const isUuid = (text: string) => /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text)

const enc = encodeURIComponent

/** Where a pasted text may lead. */
const pasted = (text: string): ReadonlyArray<Command> => {
  if (isUuid(text)) {
    return [
      { id: "event", title: `Event ${text}`, kind: "go to", href: `/events/${text.toLowerCase()}` },
      {
        id: "correlation",
        title: `Events of the correlation ${text}`,
        kind: "search",
        href: `/events?q=${enc(`correlation:${quoted(text)}`)}`
      }
    ]
  }
  const entity = entityOf(text)
  if (entity !== undefined) {
    return [
      { id: "entity", title: `The life of ${text}`, kind: "go to", href: `/links?entity=${enc(text)}` },
      {
        id: "aggregate",
        title: `Events of ${text}`,
        kind: "search",
        href: `/events?q=${enc(`aggregate:${quoted(text)}`)}`
      }
    ]
  }
  return text === ""
    ? []
    : [{ id: "search", title: `Search events for ${text}`, kind: "search", href: `/events?q=${enc(text)}` }]
}

const known = (consumers: ReadonlyArray<Consumer>): ReadonlyArray<Command> => {
  const names = new Set(consumers.flatMap(({ subscriptions }) => subscriptions.map(({ event }) => event)))
  return [
    ...screens.map(({ id, paths, title }): Command => ({ id: `screen ${id}`, title, kind: "screen", href: paths[0] })),
    ...consumers.map(
      ({ consumer }): Command => ({
        id: `consumer ${consumer}`,
        title: consumer,
        kind: "consumer",
        href: `/consumers/${enc(consumer)}`
      })
    ),
    ...[...names].toSorted().map(
      (name): Command => ({
        id: `event ${name}`,
        title: name,
        kind: "event",
        href: `/events?q=${enc(`name:${quoted(name)}`)}`
      })
    )
  ]
}

const rank = (title: string, words: ReadonlyArray<string>) => {
  const lower = title.toLowerCase()
  if (!words.every((word) => lower.includes(word))) return -1
  return lower.startsWith(words[0] ?? "") ? 2 : 1
}

/** The best first; as many as fit. */
export const commandsFor = (typed: string, consumers: ReadonlyArray<Consumer>): ReadonlyArray<Command> => {
  const text = typed.trim()
  const words = text.toLowerCase().split(/\s+/).filter(Boolean)
  const found = known(consumers)
    .map((command) => ({ command, rank: rank(command.title, words) }))
    .filter((each) => each.rank >= 0)
    .toSorted((one, other) => other.rank - one.rank)
    .map(({ command }) => command)
  return [...found.slice(0, 12), ...pasted(text)]
}
