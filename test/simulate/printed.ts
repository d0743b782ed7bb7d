/** A failing program in words. */
import type { Shrunk } from "./shrink.ts"

const longest = 200

const json = (value: object) => JSON.stringify(value)

/** Lines from the beginning and the end of a long list. */
const cut = (lines: ReadonlyArray<string>): ReadonlyArray<string> =>
  lines.length <= longest
    ? lines
    : [...lines.slice(0, longest / 2), `… ${lines.length - longest} more …`, ...lines.slice(-longest / 2)]

export const printed = (seed: number, { outcome, program, seed: order }: Shrunk): string => {
  const { consumers, faults, steps, versions, ...rest } = program
  return [
    `seed ${seed}, as small as it gets (in the order of seed ${order}):`,
    `  ${json(rest)}`,
    ...consumers.map((consumer) => `  consumer ${json(consumer)}`),
    ...versions.map((version, index) => `  version ${index} ${json(version)}`),
    ...steps.map((step) => `  step ${json(step)}`),
    ...faults.map((fault) => `  fault ${json(fault)}`),
    "what happened (virtual milliseconds):",
    ...cut(outcome.trace).map((line) => `  ${line}`),
    ...outcome.violations.map((violation) => `  broken: ${violation}`)
  ].join("\n")
}
