/** Operations in sentences. */
import type { Operation, OperationRequest } from "../../api/wire.ts"
import { entityText } from "../../words/entities.ts"
import { exact } from "../../words/numbers.ts"
import type { State } from "../../words/states.ts"

export type Filter = OperationRequest["filter"]

/** The message of an error in a sentence: what was different each time is left open. */
const plainTitle = (title: string) => title.replace(/<[a-z]+(?: \d+)?>/g, "…")

/** Whether it still does something, or something of it is still to be settled. */
export const isActive = (operation: Operation): boolean => isUnderWay(operation) || operation.open > 0

/** Whether it still takes dead letters. */
export const isUnderWay = ({ state }: Operation): boolean => state === "canary" || state === "running"

/** Those that it has not taken, or did not. */
export const leftOf = ({ done, total }: Operation): number => Math.max(0, total - done)

const looks: Readonly<Record<Operation["state"], readonly [State, string]>> = {
  canary: ["running", "trying the first"],
  running: ["running", "under way"],
  finished: ["done", "finished"],
  stopped: ["paused", "stopped"],
  "canary-failed": ["gave-up", "the first ones failed again"]
}

/** A finished one in which some failed again is no quiet success. */
export const lookOf = (operation: Operation): readonly [State, string] => {
  if (operation.state !== "finished") return looks[operation.state]
  if (operation.failedAgain > 0) return ["retrying", `finished, ${exact(operation.failedAgain)} failed again`]
  return operation.open > 0 ? ["running", "finished, some are open"] : looks.finished
}

const were = (count: number) => (count === 1 ? "was" : "were")

const requeueOutcome = ({ failedAgain, open, settled }: Operation) =>
  [
    `${exact(settled)} settled`,
    ...(failedAgain > 0 ? [`${exact(failedAgain)} failed again`] : []),
    ...(open > 0 ? [`${exact(open)} still open`] : [])
  ].join(", ")

const sentenceOfDiscard = (operation: Operation) => {
  const { done, state, total } = operation
  const left = leftOf(operation)
  if (state === "running" || state === "canary") return `Discarding: ${exact(done)} of ${exact(total)}.`
  if (state === "stopped") return `Stopped: ${exact(done)} ${were(done)} discarded, ${exact(left)} left as they are.`
  return `${exact(done)} ${were(done)} discarded.`
}

const firstOf = (done: number, failedAgain: number) => {
  if (done === 1) return "The first one failed again."
  if (done === failedAgain) return `The first ${exact(done)} all failed again.`
  return `Of the first ${exact(done)}, ${exact(failedAgain)} failed again.`
}

/** Where it stands, and what that means. */
export const sentenceOf = (operation: Operation): string => {
  if (operation.kind === "discard") return sentenceOfDiscard(operation)
  const { canary, done, failedAgain, state, stoppedBy, total } = operation
  const left = leftOf(operation)
  const outcome = requeueOutcome(operation)
  switch (state) {
    case "canary":
      return `The first ${exact(Math.min(canary, total))} of ${exact(total)} are tried; the others wait for them. So far: ${outcome}.`
    case "running":
      return `${exact(done)} of ${exact(total)} are requeued. Of those: ${outcome}.`
    case "finished":
      return done === 0
        ? "Nothing was left to requeue: somebody was faster, or they had been discarded."
        : operation.settled === done
          ? `${done === 1 ? "It was" : `All ${exact(done)} were`} requeued and settled.`
          : `${exact(done)} ${were(done)} requeued: ${outcome}.`
    case "stopped":
      return `Stopped${stoppedBy === null ? "" : ` by ${stoppedBy}`} after ${exact(done)}: ${outcome}. The other ${exact(left)} were left as they are.`
    case "canary-failed":
      return `${firstOf(done, failedAgain)} The other ${exact(left)} were left as they are.`
  }
}

/** What to do now; undefined when nothing is. */
export const adviceOf = (operation: Operation): string | undefined => {
  if (operation.state === "canary-failed") {
    return "The cause is still there. Look at the error of those that failed again, mend it (in the code, the payload, or the system that is called), then requeue once more."
  }
  if (operation.kind === "requeue" && operation.state === "finished" && operation.failedAgain > 0) {
    return "Those that failed again are dead letters again, in the group of what they failed with."
  }
  return undefined
}

/** Which dead letters are meant. */
export const filterWords = (
  filter: Filter,
  titleOf: (fingerprint: string) => string | undefined = () => undefined
): string => {
  const { aggregate, consumer, deliveryIds, errorTag, eventName, fingerprint, isUndecodable, since, until } = filter
  const what =
    deliveryIds === undefined
      ? "all dead letters"
      : deliveryIds.length === 1
        ? "one dead letter"
        : `${exact(deliveryIds.length)} chosen dead letters`
  return [
    what,
    ...(consumer === undefined ? [] : [`of ${consumer}`]),
    ...(eventName === undefined ? [] : [`with the event ${eventName}`]),
    ...(errorTag === undefined ? [] : [`that failed with ${errorTag}`]),
    ...(fingerprint === undefined ? [] : [`with the error “${plainTitle(titleOf(fingerprint) ?? fingerprint)}”`]),
    ...(aggregate === undefined ? [] : [`about ${entityText(aggregate)}`]),
    ...(isUndecodable === undefined ? [] : [isUndecodable ? "that could not be decoded" : "that could be decoded"]),
    ...(since === undefined ? [] : [`that gave up from ${since.slice(0, 16).replace("T", " ")} UTC on`]),
    ...(until === undefined ? [] : [`that gave up before ${until.slice(0, 16).replace("T", " ")} UTC`])
  ].join(" ")
}
