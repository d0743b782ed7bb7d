/**
 * What lists have in common.
 *
 * @internal
 */
import { Effect } from "effect"
import type { Page } from "../../admin/adminService.ts"
import type { DeadLetter } from "../../admin/model/deadLetters.ts"
import type { Surface } from "../output/style.ts"
import { table } from "../output/table.ts"
import { count, when } from "../output/words.ts"
import { note } from "../session.ts"

/** Says that there are none, or how to go on. */
export const goOn = (page: Page<unknown>, what: string) => {
  if (page.next !== undefined) return note(`There are more: go on with --after ${page.next}`)
  return page.items.length === 0 ? note(`There are no ${what}.`) : Effect.void
}

/** Dead letters, one a line. */
export const deadLetterTable = (surface: Surface, letters: ReadonlyArray<DeadLetter>, now: Date): string =>
  letters.length === 0
    ? ""
    : table(
        surface,
        [
          { title: "gave up" },
          { title: "consumer", isFlexible: true },
          { title: "event", isFlexible: true },
          { title: "attempts", isRight: true, isOptional: true },
          { title: "error", isFlexible: true },
          { title: "delivery" }
        ],
        letters.map((letter) => [
          when(surface, letter.gaveUpAt, now),
          letter.consumer,
          `${letter.eventName} v${letter.schemaVersion}`,
          count(letter.attemptCount),
          letter.lastError ?? letter.errorTag ?? "",
          letter.deliveryId
        ])
      )
