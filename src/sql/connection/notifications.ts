/**
 * Wake-ups between processes through LISTEN and NOTIFY, on the control connection: in every publishing statement,
 * `pg_notify` would cost more than the rest of it, as transactions that notify commit one after the other. Now and then it
 * goes with the statement that stores a single event, and saves a round trip.
 *
 * @internal
 */
import { Effect, Exit, Layer, Option, Queue } from "effect"
import { SqlClient, type SqlError } from "effect/sql"
import { Settings } from "../../settings/Settings.ts"
import { Broadcast, type InlineNotification } from "../../wakeups/Broadcast.ts"
import { ControlConnection, type Session } from "./controlConnection.ts"

/** What one process tells the others; without `wake`, that any consumer may have work; `hello`, that it runs. */
interface Message {
  readonly from: string
  readonly wake?: ReadonlyArray<string>
  readonly hello?: true
}

/** PostgreSQL takes payloads of less than 8000 bytes. */
const maxPayloadBytes = 7900

/**
 * Time between two statements that notify, in milliseconds: at least so long, and so many times as long as the last one
 * took. They hold each other up for a commit, some tenths of a millisecond, or much more where commits are slow.
 */
const inlineInterval = { least: 5, times: 5 }

/** The same after one that failed: the queue of notifications may be full, which nobody who publishes should notice. */
const failedInlineInterval = 10_000

/**
 * SQL that notifies as `send` does, and is true.
 *
 * @param consumers - SQL of their names, or null if there are none
 * @param first - number of the first of two parameters, those of `riddenBy`
 */
export const notifyingSql = (consumers: string, first: number) => `
    CASE WHEN ${consumers} IS NULL THEN true ELSE (
      SELECT pg_notify(
        $${first}::text,
        CASE WHEN octet_length(m.full) <= ${maxPayloadBytes} THEN m.full ELSE jsonb_build_object('from', $${first + 1}::text)::text END
      )::text IS NOT NULL
      FROM (SELECT jsonb_build_object('from', $${first + 1}::text, 'wake', ${consumers})::text AS "full") AS m
    ) END`

/** Parameters of `tells`. */
export const notifyingParameters = ({ channel, from }: InlineNotification) => [channel, from]

const encode = (message: Message): string => {
  const json = JSON.stringify(message)
  return Buffer.byteLength(json) <= maxPayloadBytes ? json : JSON.stringify({ from: message.from })
}

const decode = (payload: string): Option.Option<Message> => {
  try {
    const message = JSON.parse(payload)
    return typeof message?.from === "string" ? Option.some(message) : Option.none()
  } catch {
    return Option.none()
  }
}

/** Channels are shared by all schemas of a database. */
const channelOf = (sql: SqlClient.SqlClient) =>
  Effect.map(
    sql<{ channel: string }>`
      SELECT 'effect_integration_' || md5(coalesce(current_schema(), '')) AS "channel"`,
    ([row]) => row?.channel ?? "effect_integration"
  )

const pooler =
  "The database is behind a pooler in transaction mode: processes cannot wake each other through LISTEN and NOTIFY, and find each other's events by polling. Give this process a direct connection, or lower pollingIntervalMs."

const make = Effect.gen(function* () {
  const control = yield* ControlConnection
  const settings = yield* Settings
  const sql = (yield* SqlClient.SqlClient).withoutTransforms()
  const from = crypto.randomUUID()
  const channel = yield* Effect.orDie(channelOf(sql))
  const pending = new Set<string>()
  const signal = yield* Queue.sliding<void>(1)
  let hasPeers = true
  let hasWarned = false
  let nextInline = Number.POSITIVE_INFINITY
  let wake: (consumers: ReadonlyArray<string> | undefined) => Effect.Effect<void> = () => Effect.void

  const notify = (message: Message) => control.query("SELECT pg_notify($1, $2)", [channel, encode(message)])
  const flush = Effect.suspend(() => {
    const names = [...pending]
    pending.clear()
    return names.length === 0 ? Effect.void : Effect.ignore(notify({ from, wake: names }))
  })
  const receive = (payload: string) =>
    Option.match(decode(payload), {
      onNone: () => wake(undefined),
      onSome: (message) => {
        if (message.from === from) return Effect.void
        hasPeers = true
        return message.hello === true ? Effect.void : wake(message.wake)
      }
    })
  const warn = Effect.suspend(() => {
    if (hasWarned) return Effect.void
    hasWarned = true
    return Effect.logWarning(pooler)
  })
  const listen = (session: Session) =>
    Effect.gen(function* () {
      if (!session.hasState) return yield* warn
      const arrived = yield* session.listen(channel)
      nextInline = 0
      // What was sent while nobody listened is found by a look at everything.
      yield* wake(undefined)
      yield* session.query("SELECT pg_notify($1, $2)", [channel, encode({ from, hello: true })])
      yield* Queue.take(arrived).pipe(
        Effect.flatMap(({ payload }) => receive(payload)),
        Effect.forever,
        Effect.onError(() => session.abandon),
        Effect.forkScoped
      )
    })

  const { notifyEnabled } = yield* settings.current
  if (control.isSeparate && notifyEnabled) {
    yield* Effect.orDie(control.onSession(listen) as Effect.Effect<void, SqlError.SqlError>)
    yield* Queue.take(signal).pipe(Effect.andThen(flush), Effect.forever, Effect.forkScoped)
  }
  return {
    send: (consumers: Iterable<string>) =>
      Effect.suspend(() => {
        if (!hasPeers) return Effect.void
        for (const consumer of consumers) pending.add(consumer)
        return Effect.asVoid(Queue.offer(signal, undefined))
      }),
    withInlineNotification: <A, E>(store: (notification: InlineNotification | undefined) => Effect.Effect<A, E>) =>
      Effect.suspend(() => {
        const began = performance.now()
        if (!hasPeers || began < nextInline) return store(undefined)
        // One at a time.
        nextInline = Number.POSITIVE_INFINITY
        return Effect.onExit(store({ channel, from }), (exit) =>
          Effect.sync(() => {
            const ended = performance.now()
            nextInline =
              ended +
              (Exit.isSuccess(exit)
                ? Math.max(inlineInterval.least, inlineInterval.times * (ended - began))
                : failedInlineInterval)
          })
        )
      }),
    receive: (handler: typeof wake) =>
      Effect.sync(() => {
        wake = handler
      }),
    setPeers: (exist: boolean) =>
      Effect.sync(() => {
        hasPeers = exist
      })
  } satisfies Broadcast
})

export const layer: Layer.Layer<never, never, ControlConnection | Settings | SqlClient.SqlClient> = Layer.effect(
  Broadcast,
  make
)
