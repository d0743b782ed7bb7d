/**
 * Wake-ups between processes through LISTEN and NOTIFY, on the control connection: in every publishing statement,
 * `pg_notify` would cost more than the rest of it, as transactions that notify commit one after the other. Now and then it
 * goes with the statement that stores a single event, and saves a round trip.
 *
 * @internal
 */
import { Effect, Exit, Layer, Option, Queue } from "effect"
import type { SqlClient } from "effect/sql"
import { Settings } from "../../settings/Settings.ts"
import { gauge } from "../../telemetry/cells.ts"
import { metersIn } from "../../telemetry/meters.ts"
import { metricTable } from "../../telemetry/metricTable.ts"
import { untraced } from "../../telemetry/tracing.ts"
import { Broadcast, type InlineNotification } from "../../wakeups/Broadcast.ts"
import { makeCommitWatch } from "./commitWatch.ts"
import { ControlConnection, type Session } from "./controlConnection.ts"
import { decode, encode, fromSql, type Message } from "./notificationMessage.ts"
import { TableClient, tablesId } from "./tableClient.ts"

/**
 * Time between two statements that notify, in milliseconds: at least so long, and so many times as long as the last one
 * took. They hold each other up for a commit, some tenths of a millisecond, or much more where commits are slow.
 */
const inlineInterval = { least: 5, times: 5 }

/**
 * Milliseconds after a statement that failed: the queue of notifications may be full, which nobody who publishes should
 * notice.
 */
const failedInlineInterval = 10_000

/** Time between two transactions of somebody else that notify of a single event, in milliseconds: nobody knows how long they take. */
const othersInterval = 50

/** Channels are shared by all schemas of a database. */
const channelOf = (sql: SqlClient.SqlClient) =>
  Effect.map(
    sql<{ channel: string }>`
      SELECT 'effect_integration_' || md5(${sql.literal(tablesId)}) AS "channel"`,
    ([row]) => row?.channel ?? "effect_integration"
  )

/** How long a process that ends waits for its last message to be sent. */
const lastWordsTimeout = "1 second"

const pooler =
  "The database is behind a pooler in transaction mode: processes cannot wake each other through LISTEN and NOTIFY, and find each other's events by polling. Give this process a direct connection, or lower pollingIntervalMs."

/** What this process knows of the others: it changes as it hears of them. */
interface Peers {
  /** Whether there are any, as far as is known. */
  exist: boolean
  /** What is done with the names they send; `undefined`: any consumer may have work. */
  wake: (consumers: ReadonlyArray<string> | undefined) => Effect.Effect<void>
  /** What is done when events wait for their deliveries. */
  route: Effect.Effect<void>
}

const notify = (query: Session["query"], channel: string, message: Message) =>
  query("SELECT pg_notify($1, $2)", [channel, encode(message)])

/**
 * Names of consumers on their way to other processes: those that come while a message is under way go together with the
 * next.
 *
 * @param tell - sends one message
 */
const makeSender = Effect.fnUntraced(function* (tell: (consumers: ReadonlyArray<string>) => Effect.Effect<void>) {
  const pending = new Set<string>()
  const signal = yield* Queue.sliding<void>(1)
  const flush = Effect.suspend(() => {
    const names = [...pending]
    pending.clear()
    if (names.length === 0) return Effect.void
    return Effect.onInterrupt(tell(names), () =>
      Effect.sync(() => {
        for (const name of names) pending.add(name)
      })
    )
  })
  return {
    add: (consumers: Iterable<string>) => {
      for (const consumer of consumers) pending.add(consumer)
      return Effect.asVoid(Queue.offer(signal, undefined))
    },
    run: Queue.take(signal).pipe(Effect.andThen(flush), Effect.forever),
    /** Sends what is left: what this process gave back when it ended. */
    end: Effect.timeoutOption(flush, lastWordsTimeout)
  }
})

/** Lets a statement notify now and then, one at a time: see `inlineInterval`. None before `start`. */
const makePace = () => {
  let next = Number.POSITIVE_INFINITY
  return {
    start: () => {
      next = 0
    },
    offer: <A, E>(
      notification: InlineNotification,
      store: (notification: InlineNotification | undefined) => Effect.Effect<A, E>
    ) => {
      const began = performance.now()
      if (began < next) return store(undefined)
      next = Number.POSITIVE_INFINITY
      return Effect.onExit(store(notification), (exit) =>
        Effect.sync(() => {
          const ended = performance.now()
          const interval = Math.max(inlineInterval.least, inlineInterval.times * (ended - began))
          next = ended + (Exit.isSuccess(exit) ? interval : failedInlineInterval)
        })
      )
    }
  }
}

/** What follows from a payload: processes hear their own messages as well. */
const receive = (peers: Peers, from: string, payload: string) =>
  Option.match(decode(payload), {
    onNone: () => peers.wake(undefined),
    onSome: (message) => {
      if (message.from === from) return Effect.void
      if (message.from !== fromSql) peers.exist = true
      if (message.route === true) return peers.route
      return message.hello === true ? Effect.void : peers.wake(message.wake)
    }
  })

/** Listens on a new session, as long as it lasts, and says so. */
const listen = Effect.fnUntraced(function* (
  session: Session,
  { channel, from }: InlineNotification,
  peers: Peers,
  onChange: (isListening: boolean) => void
) {
  const arrived = yield* session.listen(channel)
  onChange(true)
  yield* Effect.addFinalizer(() => Effect.sync(() => onChange(false)))
  // What was sent while nobody listened is found by a look at everything.
  yield* Effect.andThen(peers.wake(undefined), peers.route)
  yield* notify(session.query, channel, { from, hello: true })
  yield* Queue.take(arrived).pipe(
    Effect.flatMap(({ payload }) => receive(peers, from, payload)),
    Effect.forever,
    Effect.onError(() => session.abandon),
    Effect.forkScoped
  )
})

const make = Effect.gen(function* () {
  const control = yield* ControlConnection
  const { notifyEnabled } = yield* (yield* Settings).current
  const { sql } = yield* TableClient
  const self: InlineNotification = { channel: yield* untraced(Effect.orDie(channelOf(sql))), from: crypto.randomUUID() }
  const context = yield* Effect.context<never>()
  const meters = metersIn(context)
  let isListening = false
  const peers: Peers = { exist: true, wake: () => Effect.void, route: Effect.void }
  const pace = makePace()
  const onChange = (listens: boolean) => {
    isListening = listens
    if (listens) pace.start()
  }
  const sender = yield* makeSender((wake) =>
    Effect.ignore(notify(control.query, self.channel, { from: self.from, wake }))
  )
  let nextOfOthers = Number.NEGATIVE_INFINITY
  const send = (consumers: Iterable<string>) =>
    Effect.suspend(() => (peers.exist ? sender.add(consumers) : Effect.void))
  const { watch } = yield* makeCommitWatch(control.query, (consumers) =>
    Effect.andThen(peers.wake([...consumers]), send(consumers))
  )
  const warnOfPooler = yield* Effect.cached(Effect.logWarning(pooler))
  if (control.isSeparate && notifyEnabled) {
    yield* Effect.orDie(
      control.onSession((session) => (session.hasState ? listen(session, self, peers, onChange) : warnOfPooler))
    )
    yield* Effect.addFinalizer(() => sender.end)
    yield* Effect.acquireRelease(
      Effect.sync(() => gauge(context, metricTable.listener, [], () => Number(isListening))),
      (registration) => Effect.sync(() => registration.remove())
    )
    yield* Effect.forkScoped(sender.run)
  }
  return {
    send,
    withInlineNotification: (store) => Effect.suspend(() => (peers.exist ? pace.offer(self, store) : store(undefined))),
    ofOthers: {
      offer: (isSingle) => {
        const now = performance.now()
        if (!isListening || (isSingle && now < nextOfOthers)) return undefined
        nextOfOthers = now + othersInterval
        return { channel: self.channel, from: fromSql }
      },
      whenCommitted: watch
    },
    receive: (wake) =>
      Effect.sync(() => {
        peers.wake = (consumers) => {
          meters.wakeups.notify.count += consumers?.length ?? 1
          return wake(consumers)
        }
      }),
    receiveInserts: (route) =>
      Effect.sync(() => {
        peers.route = route
      }),
    isListening: Effect.sync(() => isListening),
    setPeers: (exist) =>
      Effect.sync(() => {
        peers.exist = exist
      })
  } satisfies Broadcast
})

export const layer: Layer.Layer<never, never, ControlConnection | Settings | TableClient> = Layer.effect(
  Broadcast,
  make
)
