/**
 * `events show --as`: the payload of an event as the handler of a consumer gets it.
 *
 * @internal
 */
import { Effect } from "effect"
import { Admin } from "../../admin/Admin.ts"
import type { ReceivedPayload } from "../../admin/model/events.ts"
import { asking } from "../connect.ts"
import { exitCodes } from "../failures.ts"
import { clean, cleanLines } from "../output/clean.ts"
import { indented } from "../output/jsonText.ts"
import type { Surface } from "../output/style.ts"
import { fields, heading } from "../output/table.ts"
import { tell } from "../session.ts"

const words: Readonly<Record<ReceivedPayload["state"], string>> = {
  published: "as it was published",
  edited: "as it was edited for this consumer",
  upcast: "brought to the version of its handler",
  unreadable: "cannot be read",
  elsewhere: "not known here"
}

const receivedText = (surface: Surface, received: ReceivedPayload) => {
  const { consumer, eventName, payload, problems, reason, receivedVersion, schemaVersion, state, visibility } = received
  return [
    fields(surface, [
      ["event", `${eventName} v${schemaVersion}`],
      ["consumer", consumer],
      ["gets", receivedVersion === null ? undefined : `v${receivedVersion}`],
      ["payload", words[state]],
      ["edited", received.isEdited ? "yes" : undefined],
      ["reason", problems.length === 0 ? (reason ?? undefined) : undefined]
    ]),
    ...problems.map(({ message, path }) => clean(`at ${path === "" ? "(root)" : path}: ${message}`)),
    "",
    heading(surface, visibility === "masked" ? "Payload (masked)" : "Payload"),
    payload === null
      ? visibility === "full"
        ? "It cannot be shown."
        : "It may not be seen by you."
      : cleanLines(indented(payload))
  ].join("\n")
}

/** What the handler of a consumer gets. A database has no handlers: a process is asked by its url. */
export const showReceived = (id: string, consumer: string) =>
  asking(
    Effect.gen(function* () {
      const received = yield* (yield* Admin).events.received(id, { consumer })
      yield* tell(received, (surface) => receivedText(surface, received))
      if (received.state === "elsewhere") return exitCodes.notDone
      return received.state === "unreadable" ? exitCodes.found : exitCodes.done
    })
  )
