/**
 * Errors of contracts: payloads of events that changed where others still need them as they were.
 *
 * @since 0.1.0
 */
import { Schema } from "effect"
import { issueText } from "./errorText.ts"
import { Issue } from "./PayloadErrors.ts"

/** One thing that a changed payload breaks, or about which nothing can be said. @since 0.1.0 */
export const Incompatible = Schema.Struct({
  event: Schema.String,
  version: Schema.Number,
  /** Where in the payload, as in `lines[].price`; empty for the whole. */
  path: Schema.String,
  /** What changed, as a sentence without its end. */
  change: Schema.String,
  /** What to do about it. */
  advice: Schema.String,
  /** A payload that shows it, if one was found. */
  sample: Schema.UndefinedOr(Schema.Json),
  /** `step`: what leads from one version to the next; `definition`: which events and versions there are. */
  about: Schema.Literals(["payload", "step", "definition"]),
  /** `unknown`: the schemas say too little to be compared. */
  verdict: Schema.Literals(["breaks", "unknown"])
})

/** @since 0.1.0 */
export type Incompatible = typeof Incompatible.Type

const lineOf = ({ advice, change, event, path, sample, version }: Incompatible) => {
  const where = path === "" ? "" : `, ${path}`
  const shown = sample === undefined ? "" : `\n    for example ${JSON.stringify(sample)}`
  return `  ${event} version ${version}${where}: ${change}. ${advice}${shown}`
}

/**
 * A process registers a version of an event's payload that differs from the one that is registered already, or from another one of
 * its own, so that one could not read what the other writes. Nothing was registered.
 *
 * @since 0.1.0
 */
export class ContractConflict extends Schema.TaggedError<ContractConflict>()("ContractConflict", {
  eventName: Schema.String,
  version: Schema.Number,
  problems: Schema.Array(Incompatible),
  /** Whether both are definitions of this process. */
  isDefinedTwice: Schema.Boolean
}) {
  /** What differs, without what has become of it. */
  get summary() {
    const problems = this.problems.map(lineOf).join("\n")
    const what = this.isDefinedTwice
      ? "is defined twice, with payloads that do not go together"
      : "is registered already with another payload"
    return `Version ${this.version} of event "${this.eventName}" ${what}:\n${problems}`
  }

  override get message() {
    const remedy = this.isDefinedTwice
      ? "Keep one of the definitions, or give one of them a next version."
      : 'Give the changed payload a next version; or, if nothing of the old one is kept, start once with onConflict: "warn", which registers the new one in its place.'
    return `${this.summary}\nNothing was registered. ${remedy}`
  }
}

/**
 * The committed form of contracts is not what `Contracts.document` writes, or its file cannot be read or written. Nothing was
 * compared, or nothing written.
 *
 * @since 0.1.0
 */
export class ContractFileInvalid extends Schema.TaggedError<ContractFileInvalid>()("ContractFileInvalid", {
  /** The file, if it is known. */
  file: Schema.UndefinedOr(Schema.String),
  issues: Schema.Array(Issue),
  /** `access`: the file could not be read or written at all. */
  reason: Schema.Literals(["content", "access"])
}) {
  override get message() {
    const issues = this.issues.map((issue) => `  ${issueText(issue)}`).join("\n")
    if (this.reason === "access") {
      return `${this.file ?? "The file of contracts"} cannot be read or written:\n${issues}\nIt has to be a file, in a directory that there is, which this process may write.`
    }
    return `${this.file ?? "The committed contracts"} cannot be read as contracts:\n${issues}\nTake it back from version control, or delete it and have it written again.`
  }
}

/**
 * Payloads changed in a way that breaks who has the earlier ones.
 *
 * @since 0.1.0
 */
export class ContractsBroken extends Schema.TaggedError<ContractsBroken>()("ContractsBroken", {
  file: Schema.String,
  problems: Schema.Array(Incompatible)
}) {
  override get message() {
    const remedy = this.problems.some(({ about }) => about === "payload")
      ? `\nIf it is meant, and nobody needs the earlier payload any more, delete its entry from ${this.file}.`
      : ""
    return `Contracts of ${this.file} are broken:\n${this.problems.map(lineOf).join("\n")}${remedy}`
  }
}

/**
 * The committed contracts do not have everything that the definitions say. What changed breaks nothing.
 *
 * @since 0.1.0
 */
export class ContractsOutdated extends Schema.TaggedError<ContractsOutdated>()("ContractsOutdated", {
  file: Schema.String,
  /** As in `invoice.created version 2`. */
  changed: Schema.Array(Schema.String)
}) {
  override get message() {
    return `${this.file} is behind the code: ${this.changed.join(", ")}. Run this test where CI is not set, which writes it, and commit the file.`
  }
}
