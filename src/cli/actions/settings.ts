/**
 * `settings`: what is in force, where it comes from, and another value.
 *
 * @internal
 */
import { Clock, Effect } from "effect"
import { Admin } from "../../admin/Admin.ts"
import type { Setting, SettingChange } from "../../admin/model/consumers.ts"
import { asking, targetOf } from "../connect.ts"
import { exitCodes, NotDone } from "../failures.ts"
import { given } from "../flags.ts"
import { clean } from "../output/clean.ts"
import type { Surface } from "../output/style.ts"
import { table } from "../output/table.ts"
import { when } from "../output/words.ts"
import { Call, note, tell } from "../session.ts"

const bounds = ({ maximum, minimum }: Setting) => {
  if (minimum === null && maximum === null) return ""
  if (maximum === null) return `from ${minimum}`
  return minimum === null ? `to ${maximum}` : `${minimum} to ${maximum}`
}

const settingTable = (surface: Surface, settings: ReadonlyArray<Setting>) =>
  table(
    surface,
    [
      { title: "setting" },
      { title: "value", isRight: true },
      { title: "from" },
      { title: "default", isRight: true },
      { title: "bounds" },
      { title: "not used", isFlexible: true }
    ],
    settings.map((setting) => [
      setting.key,
      [String(setting.value), setting.source === "default" ? "plain" : "bold"],
      setting.source,
      String(setting.default),
      bounds(setting),
      [setting.rejected ?? "", "retrying"]
    ])
  )

/** All settings. */
export const list = (_: object) =>
  asking(
    Effect.gen(function* () {
      const settings = yield* (yield* Admin).settings.list
      yield* tell(settings, (surface) => settingTable(surface, settings))
      const { kind } = yield* targetOf(yield* Call)
      if (kind === "database") {
        yield* note(
          "Options and the environment of processes are not seen here: they are stronger than a default, and weaker than what is stored. A process says with --url http://… what is in force in it."
        )
      }
      return exitCodes.done
    })
  )

const put = (name: string, value: number | boolean | null, reason: string | undefined) =>
  asking(
    Effect.gen(function* () {
      const setting = yield* (yield* Admin).settings.put(name, { value, ...given({ reason }) })
      yield* tell(setting, () => clean(`${setting.key} is ${setting.value}, from ${setting.source}.`))
      if (setting.rejected !== null) {
        yield* note(`What is stored cannot be used: ${setting.rejected}`)
        return exitCodes.notDone
      }
      if (value !== null && setting.source !== "stored") yield* note("Something stronger holds.")
      return exitCodes.done
    })
  )

/** A number, or true or false. */
const valueOf = (text: string): number | boolean | undefined => {
  if (text === "true" || text === "false") return text === "true"
  return /^-?\d+(\.\d+)?$/.test(text) ? Number(text) : undefined
}

/** Stores a value; processes take it over with their next poll. */
export const set = (input: { readonly key: string; readonly value: string; readonly reason: string | undefined }) => {
  const value = valueOf(input.value)
  return value === undefined
    ? Effect.fail(new NotDone({ detail: `A setting is a number, or true or false, not "${clean(input.value)}".` }))
    : put(input.key, value, input.reason)
}

/** Removes what is stored. */
export const unset = ({ key, reason }: { readonly key: string; readonly reason: string | undefined }) =>
  put(key, null, reason)

const historyTable = (surface: Surface, changes: ReadonlyArray<SettingChange>, now: Date) =>
  changes.length === 0
    ? ""
    : table(
        surface,
        [
          { title: "changed" },
          { title: "value", isRight: true },
          { title: "before", isRight: true },
          { title: "by" },
          { title: "reason", isFlexible: true }
        ],
        changes.map(({ changedAt, changedBy, previousValue, reason, value }) => [
          when(surface, changedAt, now),
          value === null ? "unset" : JSON.stringify(value),
          previousValue === null ? "unset" : JSON.stringify(previousValue),
          changedBy ?? "",
          reason ?? ""
        ])
      )

/** What was stored when, by whom, and why. */
export const history = (input: { readonly key: string }) =>
  asking(
    Effect.gen(function* () {
      const changes = yield* (yield* Admin).settings.history(input.key)
      const now = new Date(yield* Clock.currentTimeMillis)
      yield* tell(changes, (surface) => historyTable(surface, changes, now))
      if (changes.length === 0) yield* note(`${clean(input.key)} was never stored.`)
      return exitCodes.done
    })
  )
