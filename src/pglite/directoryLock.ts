/**
 * An exclusive lock on a directory, between processes, containers that share a volume, and parts of one process: who gets it.
 *
 * Node has no file locks, so the lock is a protocol over plain files in `<directory>/.effect-integration`. Every
 * contender writes a file of its own, `<token>.claim`, and then lists the folder. It owns the lock when no other claim
 * of a living process is there: of two contenders the later one to write must see the earlier one's claim, so at most
 * one finds itself alone. The owner then says so with `<token>.owner`, and contenders who see that give up.
 *
 * Names are never reused, so removing the claim of a dead process cannot remove a living one's. That is what a single
 * lock file cannot offer: between reading that it is stale and renaming it away, another process may have replaced it.
 *
 * The files are inside the directory and not beside it: a volume is often mounted exactly there, and then its parent
 * belongs to one container only, may be read-only, and has another name in the next container.
 *
 * @internal
 */
import * as Fs from "node:fs"
import { join } from "node:path"
import { Data, Effect, type Scope } from "effect"
import { attempt, Contender, folderName, here, type LockUnusable, type Rival, type Timing } from "./contender.ts"

export { folderName, LockUnusable, type Timing } from "./contender.ts"

/** Somebody else has the lock. `host` is undefined when it is a process of this host (and container). */
export class LockHeld extends Data.TaggedError("LockHeld")<{
  readonly pid: number
  readonly host: string | undefined
}> {}

/** Seven beats may be missed: a machine that swaps or a network file system that stalls is not a dead owner. */
const defaultTiming: Timing = { beat: 2_000, stale: 15_000, garbage: 5_000, contenderLimit: 30_000 }

/**
 * Takes the lock on a directory that exists, until the scope closes.
 *
 * Refused at once by an owner on this host, and after one beat (2 s) by one on another host. A dead owner of this host
 * is replaced at once; one on another host, whose process cannot be looked at, once it missed its beats for 15 s (this
 * waits for that moment). An owner that is stopped for longer than that and goes on afterwards is not noticed.
 *
 * Fails with `LockHeld`, or with `LockUnusable` when the directory cannot be written.
 */
export const acquire = (
  directory: string,
  timing: Timing = defaultTiming
): Effect.Effect<void, LockHeld | LockUnusable, Scope.Scope> =>
  Effect.acquireRelease(
    attempt(() => new Contender(join(Fs.realpathSync(directory), folderName), timing)),
    // A claim that cannot be removed is that of a dead process soon.
    (claim) => Effect.ignore(attempt(() => claim.release()))
  ).pipe(Effect.flatMap(compete))

/** Writes the claim and waits until the outcome is known. */
const compete = Effect.fnUntraced(function* (claim: Contender) {
  const deadline = performance.now() + claim.timing.contenderLimit + claim.timing.stale
  const firstBeats = new Map<string, number>()
  while (true) {
    const rivals = yield* attempt(() => claim.rivals())
    const owner = rivals.find((rival) => rival.isOwner)
    if (owner !== undefined) {
      yield* attempt(() => claim.withdraw())
      if (isAliveForSure(owner, firstBeats)) return yield* held(owner)
    } else if (rivals.length > 0) {
      // Among contenders who see each other the lowest token stays, the others make room and look on.
      if (rivals.some((rival) => rival.token < claim.token)) yield* attempt(() => claim.withdraw())
    } else if (yield* attempt(() => claim.tryOwn())) {
      return
    } else {
      continue
    }
    const blocking = owner ?? rivals[0]
    if (blocking !== undefined && performance.now() > deadline) return yield* held(blocking)
    yield* pause(owner === undefined ? 5 + Math.random() * 10 : 100)
  }
})

const held = (rival: Rival) => new LockHeld({ pid: rival.pid, host: rival.place === here ? undefined : rival.host })

/** An owner elsewhere may be a fresh corpse: only another beat proves that it lives. */
const isAliveForSure = (owner: Rival, firstBeats: Map<string, number>): boolean => {
  if (owner.place === here) return true
  const first = firstBeats.get(owner.token) ?? owner.beatAt
  firstBeats.set(owner.token, first)
  return owner.beatAt !== first
}

/** Not `Effect.sleep`: other processes do not wait for a test clock. */
const pause = (millis: number): Effect.Effect<void> =>
  Effect.callback((resume) => {
    const timer = setTimeout(() => resume(Effect.void), millis)
    return Effect.sync(() => clearTimeout(timer))
  })
