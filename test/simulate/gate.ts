/**
 * What stands between a process and the stores: each call crosses it, and here calls fail, get lost, take long, or end
 * their process. Statements run by the database's clock. As on PostgreSQL, a connection that is lost takes its transaction
 * with it, whatever its owner makes of the error.
 */
import { Clock, Context, Effect } from "effect"
import { StoreError } from "../../src/errors/StoreErrors.ts"
import type { Transaction } from "../../src/memory/transaction.ts"
import type { Transactor } from "../../src/stores/Transactor.ts"
import type { Machine } from "./machine.ts"
import type { Fault } from "./program.ts"
import type { Server } from "./server.ts"

/** What goes wrong at calls of one replica, by the number of the call. */
export interface Calls {
  count: number
  readonly faults: Map<number, Fault>
}

export interface Gate {
  readonly server: Server
  readonly machine: Machine
  readonly calls: Calls
  /** Ends the process at once. */
  readonly kill: () => void
  /** The memory's own, for transactions and savepoints. */
  readonly transactor: Transactor["Service"]
}

const refusal = (reason: string, code: string) =>
  new StoreError({ operation: "simulated", reason, isRetryable: true, cause: { code } })

const lost = refusal("the connection was lost", "08006")

const contended = refusal("could not serialize access", "40001")

/** The connection of the outermost transaction a fiber is in. */
interface Connection {
  isLost: boolean
}

const Current = Context.Reference<Connection | undefined>("simulate/Connection", { defaultValue: () => undefined })

/** For whoever may still ask after the process has ended. */
const gone = Effect.interruptible(Effect.never)

const dies = ({ kill }: Gate) => Effect.andThen(Effect.sync(kill), gone)

/** Counts a call; what is to go wrong with it. */
const next = ({ calls, machine }: Gate, name: string): Fault | undefined => {
  const number = ++calls.count
  const fault = calls.faults.get(number)
  if (fault !== undefined) machine.world.note(`${machine.name} ${name}, call ${number}: ${JSON.stringify(fault)}`)
  return fault
}

/** What a fault does before a call. */
const before = (gate: Gate, fault: Fault, connection: Connection | undefined): Effect.Effect<void, StoreError> => {
  switch (fault.kind) {
    case "killAt":
      return dies(gate)
    case "loseAt":
      if (connection !== undefined) connection.isLost = true
      return Effect.fail(lost)
    case "contendAt":
      // A single statement of its own is not refused for what others do.
      return connection === undefined ? Effect.void : Effect.fail(contended)
    case "delayAt":
      return Effect.sleep(fault.millis)
    default:
      return Effect.void
  }
}

const isAfter = (fault: Fault) => "when" in fault && fault.when === "after"

/** A call with what goes wrong with it. */
const crossing = <A, E, R>(
  gate: Gate,
  name: string,
  connection: Connection | undefined,
  call: Effect.Effect<A, E, R>
): Effect.Effect<A, E | StoreError, R> => {
  if (connection?.isLost === true) return Effect.fail(lost)
  const fault = next(gate, name)
  if (fault === undefined) return call
  return isAfter(fault)
    ? Effect.tap(call, () => before(gate, fault, connection))
    : Effect.andThen(before(gate, fault, connection), call)
}

/** Runs an effect in a transaction that the server knows to be this process's. */
const transaction = <A, E, R>(gate: Gate, connection: Connection, effect: Effect.Effect<A, E, R>) => {
  const { machine, server, transactor } = gate
  const onEnd = () => {
    connection.isLost = true
  }
  let begun: Transaction | undefined
  const begin = server.tables.database.run(({ root }) =>
    Effect.sync(() => {
      begun = root
      const open = server.open.get(machine)
      if (open === undefined) server.open.set(machine, new Map([[root, onEnd]]))
      else open.set(root, onEnd)
    })
  )
  const end = Effect.sync(() => {
    if (begun !== undefined) server.open.get(machine)?.delete(begun)
  })
  return Effect.ensuring(transactor.withTransaction(Effect.andThen(begin, effect)), end)
}

/** A transaction of the process, or a savepoint of the one it has. */
export const withTransaction =
  (gate: Gate): Transactor["Service"]["withTransaction"] =>
  (effect) =>
    Effect.flatMap(Current, (outer) => {
      if (outer !== undefined) return gate.transactor.withTransaction(effect)
      const connection: Connection = { isLost: false }
      let answer: Effect.Effect<void, StoreError> = Effect.void
      const commit = Effect.suspend(() => {
        if (connection.isLost) return Effect.fail(lost)
        const fault = next(gate, "commit")
        if (fault === undefined) return Effect.void
        if (!isAfter(fault)) return before(gate, fault, connection)
        answer = before(gate, fault, undefined)
        return Effect.void
      })
      return transaction(
        gate,
        connection,
        Effect.tap(Effect.provideService(effect, Current, connection), () => commit)
      ).pipe(Effect.tap(() => answer))
    })

/** A statement: in the caller's transaction, else in one of its own. */
export const statement = <A, E, R>(gate: Gate, name: string, effect: Effect.Effect<A, E, R>) =>
  Effect.flatMap(Current, (connection) => {
    const timed = Effect.provideService(effect, Clock.Clock, gate.server.machine.clock)
    return crossing(
      gate,
      name,
      connection,
      connection === undefined ? transaction(gate, { isLost: false }, timed) : timed
    )
  })

/** A service whose methods and effects are statements. */
export const gated = <Service extends object>(gate: Gate, name: string, service: Service): Service =>
  Object.fromEntries(
    Object.entries(service).map(([key, member]) => {
      const label = `${name}.${key}`
      if (Effect.isEffect(member)) return [key, statement(gate, label, member)]
      return [
        key,
        typeof member === "function"
          ? (...args: ReadonlyArray<unknown>) => Effect.suspend(() => statement(gate, label, member(...args)))
          : member
      ]
    })
  ) as Service
