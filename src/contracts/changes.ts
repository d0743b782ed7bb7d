/**
 * What became of one version of a payload: found by comparing schemas, shown by payloads.
 *
 * @internal
 */
import { Effect, type Schema } from "effect"
import type { Incompatible } from "../errors/ContractErrors.ts"
import { issuesOf } from "../model/payloadCodec.ts"
import type { Contract } from "../stores/ContractStore.ts"
import { isOpaque } from "./jsonSchema.ts"
import type { Obstacle } from "./obstacle.ts"
import { obstaclesOf } from "./reading.ts"

/** How a change reads when stored events cannot be read any more. */
const backward = ({ isPart, kind, reader, writer }: Obstacle): string =>
  ({
    missing: "was added and has to be there",
    optional: "could be left out and has to be there now",
    type: isPart ? `may no longer be ${writer}, but ${reader}` : `was ${writer} and is ${reader}`,
    values: `may no longer be ${writer}, but ${reader}`,
    limit: `has ${reader} now, and had ${writer}`,
    closed: "is not taken any more",
    unknown: `has another ${reader}, which cannot be compared`
  })[kind]

/** How a change reads when processes of before cannot read new events. */
const forward = ({ isPart, kind, reader, writer }: Obstacle): string =>
  ({
    missing: "was removed",
    optional: "had to be there and may be left out now",
    type: isPart ? `may be ${writer} now, and was ${reader}` : `was ${reader} and is ${writer}`,
    values: `may be ${writer} now, and was ${reader}`,
    limit: `had ${reader}, and has ${writer} now`,
    closed: "is written now, and was not taken",
    unknown: `had another ${reader}, which cannot be compared`
  })[kind]

export const nextVersion =
  "Leave this version as it was, and give the changed payload a next one: .next(schema).from(...)."

const stored = `Events that are stored in it could not be read. ${nextVersion}`

const earlier = `Processes that run yesterday's code could not read new events. ${nextVersion}`

/** A payload and what refused it, by path. */
export interface Refused {
  readonly sample: Schema.Json
  readonly paths: ReadonlyArray<string>
}

/** Which of some payloads a reader refuses. */
export const refusedBy = (
  samples: ReadonlyArray<Schema.Json>,
  read: (sample: Schema.Json) => Effect.Effect<unknown, Schema.SchemaError>
): Effect.Effect<ReadonlyArray<Refused>> =>
  Effect.map(
    Effect.forEach(samples, (sample) =>
      Effect.matchCause(read(sample), {
        onSuccess: () => [],
        onFailure: (cause) => {
          const error = cause.reasons.find((reason) => reason._tag === "Fail")?.error
          return [{ sample, paths: error === undefined ? [] : issuesOf(error).map(({ path }) => path) }]
        }
      })
    ),
    (found) => found.flat()
  )

/** The payload that shows an obstacle best: refused at its path, else at all. */
const shownBy = (path: string, refused: ReadonlyArray<Refused>) => {
  const [top = ""] = path.split(/[.[]/)
  const fits = (each: string) => each === path || (top !== "" && each.split(".")[0] === top)
  return (
    refused.find(({ paths }) => paths.includes(path)) ??
    refused.find(({ paths }) => paths.some(fits)) ??
    refused[0]
  )?.sample
}

/** What one side refuses of the other's payloads. */
export interface Evidence {
  /** What the code refuses of payloads as they were. */
  readonly backward: Effect.Effect<ReadonlyArray<Refused>>
  /** What the committed schema refuses of payloads as they are; `undefined` when nobody writes it any more, so that it is not asked. */
  readonly forward: Effect.Effect<ReadonlyArray<Refused>> | undefined
}

const merged = (found: ReadonlyArray<Incompatible>) => [
  ...new Map(found.map((each) => [`${each.path} ${each.change}`, each])).values()
]

/**
 * Compares a version as it was with what it is.
 *
 * @returns what breaks by it; empty when both can read each other
 */
export const changesOf = (
  before: Contract,
  now: Contract,
  evidence: Evidence
): Effect.Effect<ReadonlyArray<Incompatible>> =>
  Effect.gen(function* () {
    if (before.fingerprint === now.fingerprint) return isOpaque(now.jsonSchema) ? [notComparable(now)] : []
    if (isOpaque(before.jsonSchema)) return [notComparable(now)]
    if (isOpaque(now.jsonSchema)) return [fellSilent(now)]
    const of = { event: now.eventName, version: now.version, about: "payload" as const, verdict: "breaks" as const }
    const lost = obstaclesOf(before.jsonSchema, now.jsonSchema)
    const strange = evidence.forward === undefined ? [] : obstaclesOf(now.jsonSchema, before.jsonSchema)
    if (lost === undefined || strange === undefined) return [notComparable(now)]
    const refused = lost.length === 0 ? [] : yield* evidence.backward
    const unread = evidence.forward === undefined || strange.length === 0 ? [] : yield* evidence.forward
    return merged([
      ...strange.map((each) => ({
        ...of,
        path: each.path,
        change: forward(each),
        advice: earlier,
        sample: shownBy(each.path, unread)
      })),
      ...lost.map((each) => ({
        ...of,
        path: each.path,
        change: backward(each),
        advice: stored,
        sample: shownBy(each.path, refused)
      }))
    ])
  })

const fellSilent = ({ eventName, version }: Contract): Incompatible => ({
  event: eventName,
  version,
  path: "",
  change: "its schema said what is stored, and does not any more",
  advice: `Give it a schema with a JSON form, as it had. ${nextVersion}`,
  sample: undefined,
  about: "payload",
  verdict: "breaks"
})

const notComparable = ({ eventName, version }: Contract): Incompatible => ({
  event: eventName,
  version,
  path: "",
  change: "its schema does not say what is stored, or is too large, so it cannot be compared",
  advice: "Give it a schema with a JSON form, or golden payloads to go by.",
  sample: undefined,
  about: "payload",
  verdict: "unknown"
})
