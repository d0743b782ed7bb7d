/** What is other in one version than in another, and whether one is read as the other. */
import type { Contract } from "../../api/wire.ts"
import { type Field, fieldsOf, isOpaque } from "./fields.ts"

export interface Change {
  readonly path: string
  readonly kind: "added" | "removed" | "changed"
  readonly before: Field | undefined
  readonly after: Field | undefined
}

const saidOf = ({ isRequired, rules, type }: Field) => JSON.stringify([isRequired, type, rules])

/** In the order of the later version; what was removed comes last. */
export const changesOf = (before: Contract, after: Contract): ReadonlyArray<Change> => {
  const was = new Map(fieldsOf(before.jsonSchema).fields.map((field) => [field.path, field]))
  const is = new Map(fieldsOf(after.jsonSchema).fields.map((field) => [field.path, field]))
  const kept = [...is].flatMap(([path, field]): ReadonlyArray<Change> => {
    const earlier = was.get(path)
    if (earlier === undefined) return [{ path, kind: "added", before: undefined, after: field }]
    return saidOf(earlier) === saidOf(field) ? [] : [{ path, kind: "changed", before: earlier, after: field }]
  })
  const gone = [...was]
    .filter(([path]) => !is.has(path))
    .map(([path, field]): Change => ({ path, kind: "removed", before: field, after: undefined }))
  return [...kept, ...gone]
}

export interface Judgement {
  /** `unknown`: it cannot be told by what is registered. */
  readonly verdict: "yes" | "no" | "unknown"
  /** A sentence. */
  readonly why: string
}

const between = (versions: ReadonlyArray<Contract>, before: Contract, after: Contract) =>
  versions.filter(({ version }) => version > before.version && version <= after.version)

const hasAll = (
  versions: ReadonlyArray<Contract>,
  before: Contract,
  after: Contract,
  has: (each: Contract) => boolean
) => {
  const steps = between(versions, before, after)
  return steps.length === after.version - before.version && steps.every(has)
}

const list = (paths: ReadonlyArray<string>) =>
  paths.length > 3 ? `${paths.slice(0, 3).join(", ")} and ${paths.length - 3} more` : paths.join(", ")

/** What has to be there now and may not have been: not what belongs to something that is new itself, or to one of several forms. */
const missingOf = (changes: ReadonlyArray<Change>): ReadonlyArray<Change> => {
  const added = changes.filter(({ kind }) => kind === "added").map(({ path }) => path)
  return changes.filter(
    ({ after, before, path }) =>
      after?.isRequired === true &&
      before?.isRequired !== true &&
      !path.includes("<") &&
      !added.some((each) => path.startsWith(`${each}.`) || path.startsWith(`${each}[`))
  )
}

/** Whether events that are stored in the earlier version are read as the later one. */
export const judgeReading = (versions: ReadonlyArray<Contract>, before: Contract, after: Contract): Judgement => {
  if (hasAll(versions, before, after, ({ hasUp }) => hasUp)) {
    return { verdict: "yes", why: `The definition has a step from version ${before.version} up to ${after.version}.` }
  }
  if (before.fingerprint === after.fingerprint) return { verdict: "yes", why: "Both have the same schema." }
  if (isOpaque(fieldsOf(before.jsonSchema)) || isOpaque(fieldsOf(after.jsonSchema))) {
    return { verdict: "unknown", why: "A schema does not say what is stored." }
  }
  const changes = changesOf(before, after)
  const missing = missingOf(changes)
  if (missing.length > 0) {
    return {
      verdict: "no",
      why: `There is no step, and version ${after.version} requires what version ${before.version} may not have: ${list(missing.map(({ path }) => path))}.`
    }
  }
  const changed = changes.filter(({ kind, path }) => kind === "changed" || path.includes("<"))
  return changed.length > 0
    ? {
        verdict: "unknown",
        why: `There is no step, and these changed: ${list(changed.map(({ path }) => path || "payload"))}.`
      }
    : { verdict: "yes", why: "There is no step, and nothing that is required was added or changed." }
}

/** Whether whoever gets the earlier version can be given events of the later one. */
export const judgeWayBack = (versions: ReadonlyArray<Contract>, before: Contract, after: Contract): Judgement =>
  hasAll(versions, before, after, ({ hasDown }) => hasDown)
    ? { verdict: "yes", why: `The definition has a way back from version ${after.version} to ${before.version}.` }
    : {
        verdict: "no",
        why: `The definition has no way back to version ${before.version}. Processes that know no later version leave events of version ${after.version} waiting.`
      }
