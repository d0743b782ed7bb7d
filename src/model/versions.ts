/**
 * A payload in several versions: a chain of schemas, and how a payload of one becomes one of the next.
 *
 * @since 0.1.0
 */
import type { Schema } from "effect"
import { InvalidOption } from "../errors/DeclarationErrors.ts"
import { unknownOption } from "../errors/unknownOption.ts"
import { codecsOf, isPayloadSchema, type PayloadSchema } from "./standardPayload.ts"

/** One version of a payload. @since 0.1.0 */
export interface Version {
  readonly number: number
  readonly schema: Schema.Codec<unknown, unknown>
  /** `schema` in its JSON form: what is stored. */
  readonly codec: Schema.Codec<unknown, Schema.Json>
  /** From the version before; none for the first. */
  readonly up: ((earlier: unknown) => unknown) | undefined
  /** To the version before, if there is a way. */
  readonly down: ((later: unknown) => unknown) | undefined
}

/**
 * A payload in several versions, made with `DomainEvent.versions`. `Payload` is that of the latest, which handlers get.
 *
 * @since 0.1.0
 */
export interface Versions<in out Payload> {
  /** From the first that can be read to the latest, without a gap. */
  readonly chain: readonly [Version, ...ReadonlyArray<Version>]
  /** Says what the payload is from the next version on. @param schema - as of `define` */
  readonly next: <Later, Encoded>(schema: PayloadSchema<Later, Encoded>) => Step<Payload, Later>
}

/** A version that is to be reached from the one before. @since 0.1.0 */
export interface Step<in out Earlier, in out Later> {
  /**
   * Says how a payload of the version before becomes one of this version. It is called when an event that was stored in that version is
   * handled, so it has to be quick, and to depend on nothing else. What it gives is checked by the latest schema.
   *
   * @param options.down - the way back, for receivers outside that are pinned to an earlier version; default none
   */
  readonly from: (
    up: (earlier: Earlier) => Later,
    options?: { readonly down?: (later: Later) => Earlier }
  ) => Versions<Later>
}

type Chain = Versions<never>["chain"]

const versionOf = <Payload, Encoded>(
  number: number,
  schema: PayloadSchema<Payload, Encoded>,
  steps: Pick<Version, "up" | "down">
): Version =>
  // A chain holds schemas of different payloads: who made the chain knows that they fit.
  ({ number, ...codecsOf(schema as PayloadSchema<unknown, unknown>), ...steps })

/** Throws for what is no schema: types do not reach everybody who writes versions. */
const checkSchema = (number: number, schema: unknown): void => {
  if (isPayloadSchema(schema)) return
  const expected = "a Schema of effect, or one of zod, valibot or arktype (Standard Schema)"
  throw new InvalidOption({
    option: `schema of version ${number} of DomainEvent.versions`,
    value: typeof schema,
    expected
  })
}

/** A version that is not told how it is made of the one before: whoever takes it for one is told so. */
const withoutStep = <A extends object>(number: number, next: A): A =>
  Object.defineProperty(next, "chain", {
    get: () => {
      throw new InvalidOption({
        option: `from of version ${number} of DomainEvent.versions`,
        value: "missing",
        expected: `next(schema).from((earlier) => later): how a payload of version ${number - 1} becomes one of version ${number}`
      })
    }
  })

const fromChain = <Payload>(chain: Chain): Versions<Payload> => ({
  chain,
  next: (schema) => {
    const number = (chain.at(-1) as Version).number + 1
    checkSchema(number, schema)
    return withoutStep(number, {
      from: (up, options = {}) => {
        const unknown = unknownOption(`from of version ${number} of DomainEvent.versions`, options, ["down"])
        if (unknown !== undefined) throw unknown
        const steps = { up, down: options.down } as Pick<Version, "up" | "down">
        return fromChain([...chain, versionOf(number, schema, steps)])
      }
    })
  }
})

/**
 * Begins a payload in several versions: `versions(V1).next(V2).from(up)`. Events that were published with an earlier one are
 * handed to handlers as the latest.
 *
 * @param schema - of the first version that is still to be read; as of `define`
 * @param options.number - of that version, if earlier ones are read no more: a positive integer, default 1
 *
 * @since 0.1.0
 */
export const versions = <Payload, Encoded>(
  schema: PayloadSchema<Payload, Encoded>,
  options: { readonly number?: number } = {}
): Versions<Payload> => {
  const unknown = unknownOption("DomainEvent.versions", options, ["number"])
  if (unknown !== undefined) throw unknown
  checkSchema(1, schema)
  return fromChain([versionOf(options.number ?? 1, schema, { up: undefined, down: undefined })])
}

/** Greatest number of a version: that of the column. */
const greatest = 2_147_483_647

/** What is wrong with a definition's versions: types do not reach everybody who writes one. @internal */
export const versionProblem = (definition: {
  readonly name: string
  readonly version: number
  readonly versions: Pick<Versions<never>, "chain"> | undefined
}): InvalidOption | undefined => {
  if (definition.versions === undefined) return undefined
  const { chain } = definition.versions
  const { number: first } = chain[0]
  const { number: latest } = chain.at(-1) as Version
  const refuse = (option: string, value: unknown, expected: string) =>
    new InvalidOption({
      option: `${option} of event "${definition.name.slice(0, 80)}"`,
      value: String(value),
      expected
    })
  if (!(Number.isInteger(first) && first >= 1 && latest <= greatest)) {
    return refuse("number of the first version", first, "a positive integer")
  }
  const gap = chain.slice(1).find(({ up }) => typeof up !== "function")
  if (gap !== undefined) {
    return refuse(`from of version ${gap.number}`, gap.up, `a function of the payload of version ${gap.number - 1}`)
  }
  return definition.version === latest
    ? undefined
    : refuse("version", definition.version, `${latest}, the latest of its versions, or to be left out`)
}
