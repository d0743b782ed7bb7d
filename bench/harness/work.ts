/** The work itself, the same for all sides. */

/** 200 bytes of JSON, as in the figures this is compared with. */
export const payloadOf = (index: number, bytes = 200) => {
  const id = `thing-${index}`
  return { id, text: "x".repeat(Math.max(0, bytes - 21 - id.length)) }
}

export type Payload = ReturnType<typeof payloadOf>

export const payloads = (count: number, bytes?: number) =>
  Array.from({ length: count }, (_, index) => payloadOf(index, bytes))

/** Lists of 100. */
export const listsOf = <A>(items: ReadonlyArray<A>, size = 100): ReadonlyArray<ReadonlyArray<A>> =>
  Array.from({ length: Math.ceil(items.length / size) }, (_, index) => items.slice(index * size, (index + 1) * size))

/** Runs `work` for all items, ten at a time. */
export const tenAtOnce = async <A>(items: ReadonlyArray<A>, work: (item: A) => Promise<unknown>) => {
  let next = 0
  const worker = async () => {
    for (let item = items[next++]; item !== undefined; item = items[next++]) await work(item)
  }
  await Promise.all(Array.from({ length: 10 }, worker))
}

/** What handlers of "one row" write to, in every database. */
export const handledTable =
  "CREATE TABLE handled (thing text NOT NULL, at timestamptz NOT NULL DEFAULT clock_timestamp())"

/** Counts handler runs; `done` resolves at the `count`-th. */
export const counter = (count: number) => {
  let runs = 0
  let resolve = () => {}
  const done = new Promise<void>((_) => {
    resolve = _
  })
  return {
    done,
    hit: () => {
      if (++runs === count) resolve()
    }
  }
}

/** Milliseconds by a clock that all processes of the machine share. */
export const sharedNow = () => performance.timeOrigin + performance.now()

/** Times that warm up and are not counted: by then code is compiled, as in a process that has been running for a while. */
const warmUp = 200

/** Publishes one thing after the other, each when the one before has been handled, and a little later. */
export const pingPong = async (count: number, publish: (index: number) => Promise<unknown>, handled: Handled) => {
  const millis: Array<number> = []
  for (let index = 0; index < count + warmUp; index++) {
    await new Promise((resolve) => setTimeout(resolve, 5 + (index % 7)))
    const began = sharedNow()
    const at = handled.next()
    await publish(index)
    const took = (await at) - began
    if (index >= warmUp) millis.push(took)
  }
  return millis
}

export interface Handled {
  /** When the next thing was handled. */
  readonly next: () => Promise<number>
  readonly tell: (at: number) => void
}

export const makeHandled = (): Handled => {
  let tell = (_: number) => {}
  return {
    next: () =>
      new Promise<number>((resolve) => {
        tell = resolve
      }),
    tell: (at) => tell(at)
  }
}
