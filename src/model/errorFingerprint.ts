/**
 * By what failures are of one group: the consumer, the tag of the error, what is the same about its messages, and where it came from.
 *
 * @since 0.1.0
 */
import { createHash } from "node:crypto"
import { errorRule, type Template, templateOf } from "./errorTemplate.ts"

/** What is known of a failed attempt. @internal */
export interface Failure {
  readonly consumer: string
  readonly errorTag: string
  /** The words of the error. */
  readonly text: string
  /** Where it came from: see `placeOf`. */
  readonly place: string | undefined
}

/** Which group of failures one is of. @since 0.1.0 */
export interface FailureGroup {
  /** 63 bits as a number in decimal digits. */
  readonly fingerprint: string
  /** Version of the rule by which it was made. */
  readonly rule: number
  /** What is the same about the messages of the group. */
  readonly title: string
}

/**
 * The group of a failure. A message of a hundred characters takes ten microseconds, a longer one not much more: nobody looks at the rest.
 *
 * @internal
 */
export const groupOf = ({ consumer, errorTag, place, text }: Failure): FailureGroup => {
  const { title }: Template = templateOf(text)
  const hash = createHash("sha256").update(JSON.stringify([errorRule, consumer, errorTag, title, place ?? ""]))
  return { fingerprint: String(hash.digest().readBigUInt64BE() >> 1n), rule: errorRule, title }
}

/** Whether a text can be a fingerprint. @internal */
export const isFingerprint = (text: unknown): text is string =>
  typeof text === "string" && /^\d{1,19}$/.test(text) && BigInt(text) < 2n ** 63n
