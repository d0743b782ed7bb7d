/**
 * Whether definitions still read what committed contracts promise, and the other way round.
 *
 * @internal
 */
import { Effect, Schema } from "effect"
import type { Incompatible } from "../errors/ContractErrors.ts"
import type * as DomainEvent from "../model/DomainEvent.ts"
import { decode } from "../model/payloadCodec.ts"
import type { Contract } from "../stores/ContractStore.ts"
import { changesOf, nextVersion, refusedBy } from "./changes.ts"
import { type CommittedContract, commit } from "./committed.ts"
import { contractsOf, rivalsOf, versionsOf } from "./contractsOf.ts"
import { droppedOf } from "./dropped.ts"
import { isOpaque } from "./jsonSchema.ts"
import { readerOf, samplesOf } from "./samples.ts"

/** A receiver outside that gets one version of an event, whatever the latest is. @since 0.1.0 */
export interface Pinned {
  /** Who it is, for the answer. */
  readonly by: string
  readonly event: string
  readonly version: number
}

/** How contracts are checked. @since 0.1.0 */
export interface CheckOptions {
  /** Payloads that are made up for each version and side; default 300. */
  readonly samples?: number
  /** The same one makes up the same payloads; default `"effect-integration"`. */
  readonly seed?: string
  /** Receivers that get an earlier version; default none. */
  readonly pinned?: ReadonlyArray<Pinned>
}

interface Event {
  readonly definition: DomainEvent.Definition.Any
  readonly now: ReadonlyMap<number, Contract>
  readonly samples: number
  readonly seed: string
}

const breaks = (
  contract: Pick<CommittedContract, "eventName" | "version">,
  change: string,
  advice: string,
  sample?: Schema.Json
): Incompatible => ({
  event: contract.eventName,
  version: contract.version,
  path: "",
  change,
  advice,
  sample,
  about: "definition",
  verdict: "breaks"
})

/** A version that is committed and is not in the definition. */
const gone = (committed: CommittedContract, { definition }: Event): Incompatible => {
  const entry = "If nothing of it is kept any more, delete its entry from the committed contracts."
  return committed.version > definition.version
    ? breaks(
        committed,
        `the latest version is ${definition.version} now`,
        `A version that was published stays: events of it would wait for ever. Publish version ${committed.version} or a later one.`
      )
    : breaks(
        committed,
        `versions before ${definition.versions?.chain[0].number ?? definition.version} are not read any more`,
        `Stored events of it would be dead letters. Begin the chain with it again. ${entry}`
      )
}

/** Whether the code of a version takes a payload by itself, without the steps after it. */
const ownReader = (definition: DomainEvent.Definition.Any, version: number) => {
  const own = versionsOf(definition).find(({ number }) => number === version)
  return own === undefined ? undefined : Schema.decodeUnknownEffect(Schema.toCodecJson(own.schema))
}

/** Compares a version with what it is now: in itself, or, if the definition has no other, with what reads it. */
const compared = (committed: CommittedContract, event: Event) =>
  Effect.gen(function* () {
    const { definition, samples, seed } = event
    const now = event.now.get(committed.version)
    const reading = now ?? event.now.get(definition.version)
    if (reading === undefined) return []
    const read = ownReader(definition, reading.version)
    const earlier = readerOf(committed.jsonSchema)
    return yield* changesOf(committed, now ?? { ...reading, version: committed.version }, {
      backward: Effect.flatMap(samplesOf(committed.jsonSchema, samples, seed), (made) =>
        read === undefined ? Effect.succeed([]) : refusedBy(made, read)
      ),
      forward:
        now === undefined
          ? undefined
          : Effect.flatMap(samplesOf(reading.jsonSchema, samples, seed), (made) =>
              earlier === undefined ? Effect.succeed([]) : refusedBy(made, earlier)
            )
    })
  })

/** The first payload that does not reach the latest version, and why. */
const unreached = (
  committed: CommittedContract,
  { definition }: Event,
  payloads: ReadonlyArray<Schema.Json>,
  advice: string
) =>
  Effect.gen(function* () {
    const { eventName, version: schemaVersion } = committed
    for (const payload of payloads) {
      const exit = yield* Effect.exit(decode(definition, { eventName, eventId: "a sample", schemaVersion, payload }))
      if (exit._tag === "Success") continue
      const error = exit.cause.reasons.find((reason) => reason._tag === "Fail")?.error
      const step = error?._tag === "EventDecodingError" && error.step !== undefined ? `, ${error.step}` : ""
      const issues = error?._tag === "EventDecodingError" ? error.issues : [{ path: "", message: "its code failed" }]
      const [issue] = issues
      return [
        {
          ...breaks(committed, `cannot be read${step}: ${issue?.message ?? ""}`, advice, payload),
          path: issue?.path ?? "",
          about: "step" as const
        }
      ]
    }
    return []
  })

const goldenAdvice = "This payload is one of the golden ones, which have to stay readable. Mend the schema or the step."

const stepAdvice = "Events that are stored in it would be dead letters. Mend the step, or what it gives."

/** Whether what was stored in a version still becomes one of the latest: by golden payloads, and by made-up ones. */
const reached = (committed: CommittedContract, event: Event) =>
  Effect.gen(function* () {
    const golden = yield* unreached(committed, event, committed.golden, goldenAdvice)
    const { definition, samples, seed } = event
    const own = ownReader(definition, committed.version)
    if (golden.length > 0 || own === undefined || committed.version === definition.version) return golden
    // JSON Schema does not know all that a schema checks: what the version itself refuses was never stored.
    const made = yield* samplesOf(committed.jsonSchema, samples, seed)
    const refused = new Set((yield* refusedBy(made, own)).map(({ sample }) => sample))
    return yield* unreached(
      committed,
      event,
      made.filter((sample) => !refused.has(sample)),
      stepAdvice
    )
  })

const plainVersion =
  "A plain `version` reads earlier events by its own payload. Give the event the earlier ones: DomainEvent.versions(V1).next(V2).from(...)."

/** Fields of one version that could be left out, and are gone: the next ones of their names may be others. */
const dropped = (committed: CommittedContract, { now }: Event): ReadonlyArray<Incompatible> => {
  const current = now.get(committed.version)
  if (current === undefined || isOpaque(current.jsonSchema)) return []
  return droppedOf(committed.jsonSchema, current.jsonSchema).map((path) => ({
    ...breaks(
      committed,
      "could be left out and was removed, and stored events may have it",
      `Keep it: another field of that name could not read them. ${nextVersion}`
    ),
    path,
    about: "payload"
  }))
}

const checkVersion = (committed: CommittedContract, event: Event) =>
  Effect.gen(function* () {
    const { versions } = event.definition
    const isKnown =
      committed.version <= event.definition.version && committed.version >= (versions?.chain[0].number ?? 0)
    if (!isKnown) return [gone(committed, event)]
    const isPlain = versions === undefined && committed.version < event.definition.version
    const changes = (yield* compared(committed, event)).map((each) =>
      isPlain ? { ...each, advice: plainVersion } : each
    )
    const paths = new Set(changes.map(({ path }) => path))
    const all = [...changes, ...dropped(committed, event).filter(({ path }) => !paths.has(path))]
    if (all.some(({ verdict }) => verdict === "breaks")) return all
    return [...all, ...(yield* reached(committed, event))]
  })

/** Steps from versions that are not committed yet: one that fails would be committed with them. */
const checkNew = (committed: ReadonlyArray<CommittedContract>, events: ReadonlyMap<string, Event>) => {
  const known = new Set(committed.map(({ eventName, version }) => JSON.stringify([eventName, version])))
  const added = [...events.values()].flatMap((event) =>
    [...event.now.values()]
      .filter(({ eventName, version }) => !known.has(JSON.stringify([eventName, version])))
      .map((contract) => reached(commit(contract, []), event))
  )
  return Effect.map(Effect.all(added), (found) => found.flat())
}

/** Receivers of an earlier version, to whom no step leads back. */
const unpinned = ({ definition }: Event, pinned: ReadonlyArray<Pinned>): ReadonlyArray<Incompatible> =>
  pinned
    .filter(({ event, version }) => event === definition.name && version < definition.version)
    .flatMap(({ by, version }) => {
      const chain = versionsOf(definition)
      const back = chain.filter(({ number }) => number > version)
      const dead = back.find(({ down }) => down === undefined)
      const first = chain[0]?.number ?? definition.version
      if (dead === undefined && version >= first) return []
      const at = dead?.number ?? first
      return [
        breaks(
          { eventName: definition.name, version: at },
          `there is no way back to version ${at - 1}, and ${by} gets version ${version}`,
          `Give it one: .from(up, { down }). Or let ${by} get a later version.`
        )
      ]
    })

/** Receivers of what there is none of: a misspelt name would promise them nothing. */
const strangers = (events: ReadonlyMap<string, Event>, pinned: ReadonlyArray<Pinned>): ReadonlyArray<Incompatible> =>
  pinned.flatMap(({ by, event, version }) => {
    const latest = events.get(event)?.definition.version
    if (latest !== undefined && version <= latest) return []
    const change =
      latest === undefined
        ? `is not defined, and ${by} is pinned to it`
        : `the latest version is ${latest}, and ${by} is pinned to ${version}`
    return [breaks({ eventName: event, version }, change, "Correct what is pinned, or add the definition.")]
  })

/** Definitions of one event that do not go together: each would be checked, and registered, in the place of the other. */
const rivals = (definitions: ReadonlyArray<DomainEvent.Definition.Any>) =>
  Effect.map(
    Effect.forEach(rivalsOf(definitions), ({ contract, other }) =>
      Effect.map(changesOf(other, contract, { backward: Effect.succeed([]), forward: Effect.succeed([]) }), (changes) =>
        changes.filter(({ verdict }) => verdict === "breaks").slice(0, 1)
      )
    ),
    (found) =>
      found.flat().map(({ event: eventName, path, version }) => ({
        ...breaks(
          { eventName, version },
          "is defined twice, by payloads that do not go together",
          "Keep one of the definitions, or give one of them a next version."
        ),
        path
      }))
  )

/** @param committed - as `readCommitted` gives them */
export const checkAll = (
  committed: ReadonlyArray<CommittedContract>,
  definitions: ReadonlyArray<DomainEvent.Definition.Any>,
  { pinned = [], samples = 300, seed = "effect-integration" }: CheckOptions
): Effect.Effect<ReadonlyArray<Incompatible>> =>
  Effect.gen(function* () {
    const events = new Map<string, Event>()
    for (const definition of definitions) {
      const now = new Map(contractsOf([definition]).map((contract) => [contract.version, contract]))
      events.set(definition.name, { definition, now, samples, seed })
    }
    const found = yield* Effect.forEach(committed, (contract) => {
      const event = events.get(contract.eventName)
      return event === undefined
        ? Effect.succeed([
            breaks(
              contract,
              "is not defined any more",
              "Stored events of it could not be read. If nothing of it is kept any more, delete its entry from the committed contracts."
            )
          ])
        : checkVersion(contract, event)
    })
    return [
      ...(yield* rivals(definitions)),
      ...found.flat(),
      ...(yield* checkNew(committed, events)),
      ...strangers(events, pinned),
      ...[...events.values()].flatMap((event) => unpinned(event, pinned))
    ]
  })
