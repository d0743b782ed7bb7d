/** The states of deliveries: each has a colour and a shape, which charts, map, squares and lists share. */

export type State = "waiting" | "running" | "done" | "retrying" | "gave-up" | "parked" | "paused"

export interface StateLook {
  readonly word: string
  readonly shape: string
  /** Classes, written out so that the styles know them. */
  readonly text: string
  readonly fill: string
  /** The CSS variable. */
  readonly token: string
}

export const states: Readonly<Record<State, StateLook>> = {
  waiting: { word: "waiting", shape: "○", text: "text-waiting", fill: "bg-waiting", token: "--waiting" },
  running: { word: "running", shape: "◐", text: "text-running", fill: "bg-running", token: "--running" },
  done: { word: "processed", shape: "●", text: "text-done", fill: "bg-done", token: "--done" },
  retrying: { word: "retrying", shape: "▲", text: "text-retrying", fill: "bg-retrying", token: "--retrying" },
  "gave-up": { word: "gave up", shape: "■", text: "text-gave-up", fill: "bg-gave-up", token: "--gave-up" },
  parked: { word: "parked", shape: "◆", text: "text-parked", fill: "bg-parked", token: "--parked" },
  paused: { word: "paused", shape: "‖", text: "text-paused", fill: "bg-paused", token: "--paused" }
}

/** How a delivery is shown. */
export const stateOfDelivery = (delivery: {
  readonly status: string
  readonly isOpen: boolean
  readonly isParked?: boolean
  readonly attemptCount: number
}): State => {
  if (delivery.isParked === true) return "parked"
  if (delivery.status === "processing") return "running"
  if (delivery.status === "dead_letter") return "gave-up"
  if (delivery.status === "failed") return delivery.isOpen ? "retrying" : "gave-up"
  if (delivery.status === "skipped") return "paused"
  if (delivery.status === "processed") return "done"
  return delivery.attemptCount > 0 ? "retrying" : "waiting"
}

/** What a delivery's state is called: skipped has the look of what is paused, and its own word. */
export const wordOfDelivery = (delivery: Parameters<typeof stateOfDelivery>[0]): string =>
  delivery.status === "skipped" ? "skipped" : states[stateOfDelivery(delivery)].word

const events: Readonly<Record<string, State>> = {
  pending: "waiting",
  processing: "running",
  processed: "done",
  failed: "gave-up",
  dead_letter: "gave-up"
}

/** How an event is shown. */
export const stateOfEvent = (status: string): State => events[status] ?? "waiting"
