/**
 * `audit`: who did what.
 *
 * @internal
 */
import { Clock, Effect } from "effect"
import { Admin } from "../../admin/Admin.ts"
import type { AuditEntry } from "../../admin/model/operations.ts"
import { asking } from "../connect.ts"
import { exitCodes } from "../failures.ts"
import { given } from "../flags.ts"
import type { Surface } from "../output/style.ts"
import { table } from "../output/table.ts"
import { count, when } from "../output/words.ts"
import { tell } from "../session.ts"
import { goOn } from "./lists.ts"

/** What `audit` takes. */
export interface AuditInput {
  readonly who: string | undefined
  readonly action: string | undefined
  readonly target: string | undefined
  readonly since: Date | undefined
  readonly until: Date | undefined
  readonly limit: number | undefined
  readonly after: string | undefined
}

const auditTable = (surface: Surface, entries: ReadonlyArray<AuditEntry>, now: Date) =>
  entries.length === 0
    ? ""
    : table(
        surface,
        [
          { title: "when" },
          { title: "who", isFlexible: true },
          { title: "role", isOptional: true },
          { title: "action" },
          { title: "target", isFlexible: true },
          { title: "affected", isRight: true, isOptional: true },
          { title: "outcome" },
          { title: "reason", isFlexible: true }
        ],
        entries.map((entry) => [
          when(surface, entry.at, now),
          entry.who,
          entry.role,
          entry.action,
          entry.target,
          entry.affected === null ? "" : count(entry.affected),
          [entry.outcome, entry.outcome === "done" ? "plain" : "gaveUp"],
          entry.reason ?? ""
        ])
      )

/** What was done, the last first. */
export const audit = (input: AuditInput) =>
  asking(
    Effect.gen(function* () {
      const page = yield* (yield* Admin).audit(given({ ...input }))
      const now = new Date(yield* Clock.currentTimeMillis)
      yield* tell(page, (surface) => auditTable(surface, page.items, now))
      yield* goOn(page, "such entries")
      return exitCodes.done
    })
  )
