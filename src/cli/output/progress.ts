/**
 * How far an operation has come, in one line.
 *
 * @internal
 */
import type { Operation } from "../../admin/model/operations.ts"
import { operationState } from "./states.ts"
import { marked, type Surface, styled } from "./style.ts"
import { cut } from "./table.ts"
import { count } from "./words.ts"

/** Columns of the bar. */
const width = 24

const share = ({ done, total }: Operation) => (total === 0 ? 1 : Math.min(1, done / total))

const bar = (surface: Surface, operation: Operation) => {
  const full = Math.round(share(operation) * width)
  return `${styled(surface, "running", "█".repeat(full))}${styled(surface, "dim", "░".repeat(width - full))}`
}

/** A bar on a terminal, and the figures. */
export const progressLine = (surface: Surface, operation: Operation): string => {
  const { done, failedAgain, isTotalExact, kind, open, settled, total } = operation
  const { state, word } = operationState(operation.state)
  const verb = kind === "requeue" ? "requeued" : "discarded"
  const known =
    operation.finishedAt === null || isTotalExact ? `${count(total)}${isTotalExact ? "" : "+"}` : count(done)
  const more =
    kind === "requeue" ? `, ${count(settled)} settled, ${count(failedAgain)} failed again, ${count(open)} open` : ""
  const figures = `${count(done)} of ${known} ${verb}${more}`
  if (!surface.isTerminal) return `${word}: ${figures}`
  const room = surface.columns - width - word.length - 5
  return `${bar(surface, operation)} ${marked(surface, state, word)} ${cut(figures, room)}`
}
