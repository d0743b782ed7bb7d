/**
 * All services with their database, for those who do not compose layers: by where the database is.
 *
 * @internal
 */
import { PgClient } from "@effect/sql-pg"
import { type Context, Effect, Layer, Redacted } from "effect"
import { InvalidOption } from "../errors/DeclarationErrors.ts"
import { plainSecretText } from "../errors/plainSecret.ts"
import * as PgLite from "../pglite/PgLite.ts"
import { layer, layerMemory, type Options, type Services } from "./Integration.ts"
import { configOf, type PgPool } from "./pgPool.ts"
import { schemaOfUrl } from "./schemaOption.ts"

/** A PostgreSQL server. @since 0.1.0 */
export interface AtUrl extends Options {
  /** As in `postgres://app:secret@localhost:5432/shop`. `?schema=`, as of Prisma, is the option `schema`, unless that is given. */
  readonly url: string
}

/** The PostgreSQL server that a pool of node-postgres connects to. @since 0.1.0 */
export interface AtPool extends Options {
  /**
   * Says how to connect: as it does, with connections of this integration's own, at most as many. It is not used otherwise, nor closed; what
   * its `connect` listeners set does not hold here.
   */
  readonly pool: PgPool
}

/** PGlite, embedded in this process. @since 0.1.0 */
export interface Embedded extends Options {
  /** Where it keeps its data; `true`: in memory. */
  readonly pglite: { readonly dataDir: string } | true
}

/** No database, for tests of what needs no SQL. @since 0.1.0 */
export interface InMemory extends Options {
  readonly memory: true
}

/** Services that were composed elsewhere. @since 0.1.0 */
export interface Composed<E> {
  /** `IntegrationLive` with its database, or `IntegrationMemory`. */
  readonly layer: Layer.Layer<Services, E>
}

/** Where the database is, with options of `Integration.layer`. @since 0.1.0 */
export type DatabaseOptions<E = unknown> = string | AtUrl | AtPool | Embedded | InMemory | Composed<E>

const ways = ["url", "pool", "pglite", "memory", "layer"] as const

const refuse = (option: string, value: unknown, expected: string) =>
  new InvalidOption({ option: `${option} of createIntegration`, value: String(value), expected })

const atUrl = ({ url, ...options }: AtUrl): Layer.Layer<Services, unknown> => {
  if (typeof url !== "string" || url === "") {
    throw refuse(
      "url",
      url === "" ? "empty" : url,
      "postgres://user:password@host/database: the variable it is from may not be set"
    )
  }
  const schema = options.schema ?? schemaOfUrl(url)
  return Layer.provide(
    layer({ ...options, ...(schema === undefined ? {} : { schema }) }),
    PgClient.layer({ url: Redacted.make(url) })
  )
}

const atPool = ({ pool, ...options }: AtPool): Layer.Layer<Services, unknown> =>
  Layer.provide(layer(options), PgClient.layer(configOf(pool)))

const embedded = ({ pglite, ...options }: Embedded): Layer.Layer<Services, unknown> => {
  if (pglite === true) return Layer.provide(layer(options), PgLite.layerMemory)
  if (typeof pglite?.dataDir === "string") return Layer.provide(layer(options), PgLite.layer(pglite))
  throw refuse("pglite", JSON.stringify(pglite), "{ dataDir }, or true for one in memory")
}

/** Without a database, effect says which service is missing; here it is always the same. */
const withDatabase = <E>(layer: Layer.Layer<Services, E>): Layer.Layer<Services, unknown> =>
  Layer.catchCause(layer, (cause) => {
    const isWithoutDatabase = cause.reasons.some(
      (reason) => reason._tag === "Die" && /Service not found: .*(Sql|Pg)Client/.test(String(reason.defect))
    )
    const failure: Effect.Effect<Context.Context<Services>, unknown> = isWithoutDatabase
      ? Effect.fail(
          refuse(
            "layer",
            "one without a database",
            "Layer.provide(IntegrationLive, PgClient.layer({ url })), or { url }"
          )
        )
      : plainSecretText(cause) === undefined
        ? Effect.failCause(cause)
        : Effect.fail(
            new InvalidOption({
              option: "url or password of PgClient.layer",
              value: "a plain string, or Redacted of another copy of effect",
              expected: "Redacted.make(url)"
            })
          )
    return Layer.effectContext(failure)
  })

/**
 * The services that somebody asks for. Throws `InvalidOption` when it is not said where the database is.
 *
 * @param options - types do not reach everybody who gives them
 */
export const databaseLayer = <E>(options: DatabaseOptions<E>): Layer.Layer<Services, unknown> => {
  if (typeof options === "string") return atUrl({ url: options })
  const given: object = Object(options)
  const [way, another] = ways.filter((each) => each in given)
  if (way === undefined)
    throw refuse(
      "database",
      options === null ? "null" : typeof options,
      "{ url }, { pool }, { pglite }, { memory: true } or { layer }"
    )
  if (another !== undefined) throw refuse("database", `both ${way} and ${another}`, "one of them")
  if ("layer" in options) {
    const beside = Object.keys(options).find((key) => key !== "layer")
    if (beside !== undefined)
      throw refuse(beside, "given beside a layer", "in Integration.layer, of which the layer is made")
    if (Layer.isLayer(options.layer)) return withDatabase(options.layer)
    throw refuse("layer", typeof options.layer, "a Layer with all services, as Layer.provide(IntegrationLive, …)")
  }
  if ("memory" in options) {
    const { memory, ...rest } = options
    if ((memory as unknown) !== true) throw refuse("memory", memory, "true, or another database")
    return layerMemory(rest)
  }
  if ("pool" in options) return atPool(options)
  return "pglite" in options ? embedded(options) : atUrl(options)
}
