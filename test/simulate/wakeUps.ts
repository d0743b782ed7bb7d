/** Wake-ups between processes: late, lost, or twice. */
import { Effect } from "effect"
import type { Broadcast } from "../../src/index.ts"
import type { Machine } from "./machine.ts"
import type { Rng } from "./random.ts"

type Receive = (consumers: ReadonlyArray<string> | undefined) => Effect.Effect<void>

export class WakeUps {
  readonly #receivers = new Map<Machine, Receive>()
  readonly #rng: Rng
  readonly #lost: number

  /** @param lost - per cent that get lost; as many come twice */
  constructor(rng: Rng, lost: number) {
    this.#rng = rng
    this.#lost = lost
  }

  #deliver(from: Machine, consumers: ReadonlyArray<string>): void {
    for (const [machine, receive] of this.#receivers) {
      if (machine === from || machine.isDead) continue
      const times = this.#rng.percent(this.#lost) ? 0 : this.#rng.percent(this.#lost) ? 2 : 1
      for (let count = 0; count < times; count++) {
        machine.world.after(machine, this.#rng.int(0, 30), () => machine.fork(receive(consumers)))
      }
    }
  }

  of(machine: Machine): Broadcast {
    return {
      send: (consumers) => Effect.sync(() => this.#deliver(machine, [...consumers])),
      ofOthers: { offer: () => undefined, whenCommitted: () => Effect.void },
      withInlineNotification: (store) => store(undefined),
      receive: (wake) => Effect.sync(() => void this.#receivers.set(machine, wake)),
      receiveInserts: () => Effect.void,
      isListening: Effect.succeed(false),
      setPeers: () => Effect.void
    }
  }
}
