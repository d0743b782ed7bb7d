/**
 * Which values of a document paths lead to, on one walk through it: each node is visited with the states that are left of all paths, so
 * that no path is looked at again from its beginning.
 *
 * @internal
 */
import { isPlace, type Pattern, type PatternStep } from "./documentPaths.ts"

/** Indexes of the steps that come next, each at most once. */
export type States = ReadonlyArray<number>

/** Where all paths stand at a value, and below it. */
export interface Matcher {
  /** At the document itself. */
  readonly start: States
  /** At the value of a key of an object. */
  readonly atKey: (states: States, key: string) => States
  /** At each entry of a list: what is hidden in one is hidden in all. */
  readonly atEntry: (states: States) => States
  /** Whether a path leads right here. */
  readonly isReached: (states: States) => boolean
}

const nowhere: States = []

/** All steps in one row, with an `undefined` after the last of each path. */
const rowOf = (patterns: ReadonlyArray<Pattern>): ReadonlyArray<PatternStep | undefined> =>
  patterns.flatMap((pattern) => [...pattern, undefined])

const beginningsOf = (patterns: ReadonlyArray<Pattern>): States => {
  let next = 0
  return patterns.map((pattern) => {
    const beginning = next
    next += pattern.length + 1
    return beginning
  })
}

/** Takes at most as many steps for a value as there are states, however deep it lies. */
export const matcherOf = (patterns: ReadonlyArray<Pattern>): Matcher => {
  const row = rowOf(patterns)
  /** `**` may also stand for no key at all. */
  const arrive = (states: Set<number>, state: number) => {
    for (let at = state; !states.has(at); at++) {
      states.add(at)
      if (row[at]?.is !== "anyNumber") return
    }
  }
  const move = (
    states: States,
    moves: (step: PatternStep) => boolean,
    stays: (step: PatternStep) => boolean
  ): States => {
    if (states.length === 0) return nowhere
    const moved = new Set<number>()
    for (const state of states) {
      const step = row[state]
      if (step === undefined) continue
      if (stays(step)) arrive(moved, state)
      if (moves(step)) arrive(moved, state + 1)
    }
    return moved.size === 0 ? nowhere : [...moved]
  }
  const start = new Set<number>()
  for (const beginning of beginningsOf(patterns)) arrive(start, beginning)
  return {
    start: [...start],
    atKey: (states, key) =>
      move(
        states,
        (step) => step.is === "any" || (step.is === "key" && step.key === key),
        (step) => step.is === "anyNumber"
      ),
    // Lists are passed through, or are what a number or a star of the path stands for.
    atEntry: (states) =>
      move(
        states,
        (step) => step.is === "any" || (step.is === "key" && step.isPlace),
        () => true
      ),
    isReached: (states) => states.some((state) => row[state] === undefined)
  }
}

/**
 * Whether what is found by these steps is hidden, lies in what is hidden, or may hold it, in whatever document: then comparing with it
 * tells of what is hidden. A number may be a key or a place in a list.
 */
export const touches = (patterns: ReadonlyArray<Pattern>, steps: ReadonlyArray<string>): boolean => {
  const { atEntry, atKey, isReached, start } = matcherOf(patterns)
  let states = start
  for (const step of steps) {
    if (isReached(states)) return true
    if (states.length === 0) return false
    // What a path with a star compares, only who looks knows.
    if (step.includes("*")) return true
    const asKey = atKey(states, step)
    states = isPlace(step) ? [...new Set([...asKey, ...atEntry(states)])] : asKey
  }
  return states.length > 0
}
