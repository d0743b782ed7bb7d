/**
 * Settings and contracts.
 *
 * @internal
 */
import { Effect } from "effect"
import { InvalidOption } from "../../errors/DeclarationErrors.ts"
import { nearest } from "../../errors/nearest.ts"
import { definitions } from "../../settings/definitions.ts"
import { expected, parse } from "../../settings/resolve.ts"
import type { SettingStore } from "../../settings/SettingStore.ts"
import type { SettingInForce, Settings } from "../../settings/Settings.ts"
import type { ContractStore } from "../../stores/ContractStore.ts"
import type { Transactor } from "../../stores/Transactor.ts"
import { CurrentUser } from "../access.ts"
import type { AdminService } from "../adminService.ts"
import type { Setting, SettingPut } from "../model/consumers.ts"
import { NotFound } from "../problems.ts"
import type { Bounded } from "./bounded.ts"

const settingOf = ({ key, name, rejected, source, value }: SettingInForce): Setting => {
  const definition = definitions[name]
  const isNumber = definition.type === "number"
  const [refused] = rejected
  return {
    key,
    value,
    source,
    default: definition.default,
    minimum: isNumber ? definition.minimum : null,
    maximum: isNumber ? definition.maximum : null,
    rejected: refused === undefined ? null : `${refused.value} was given, expected ${refused.expected}`
  }
}

const named = Effect.fnUntraced(function* (settings: Settings["Service"], key: string) {
  const all = yield* settings.inForce
  const found = all.find((each) => each.key === key || each.name === key)
  if (found !== undefined) return found
  const names = all.map((each) => each.name)
  const meant = nearest(key, names)
  const hint = meant === undefined ? "" : ` Did you mean ${meant}?`
  return yield* new NotFound({ detail: `There is no setting "${key}".${hint} There are: ${names.join(", ")}.` })
})

export const settingsOver = (
  settings: Settings["Service"],
  store: SettingStore["Service"],
  contracts: ContractStore["Service"],
  { ask, unlessTheirs }: Bounded,
  { afterCommit }: Transactor["Service"]
): Pick<AdminService, "settings" | "contracts"> => {
  // What cannot be read now is with the next poll.
  const refresh = Effect.ignore(settings.refresh)
  const change = Effect.fnUntraced(function* (key: string, { reason, value }: SettingPut) {
    const setting = yield* named(settings, key)
    if (value !== null && parse(setting.name, value) === undefined) {
      return yield* new InvalidOption({ option: setting.key, value: String(value), expected: expected(setting.name) })
    }
    const { name } = yield* CurrentUser
    yield* value === null ? store.remove(setting.key, name, reason) : store.set(setting.key, value, name, reason)
    // Not before: what is rolled back must not be in force.
    yield* afterCommit(refresh)
  })
  return {
    contracts: ask(contracts.all),
    settings: {
      list: Effect.andThen(unlessTheirs(refresh), ask(Effect.map(settings.inForce, (all) => all.map(settingOf)))),
      history: (key) =>
        ask(
          Effect.gen(function* () {
            const changes = yield* store.history((yield* named(settings, key)).key)
            return changes.map(({ changedAt, changedBy, key, previousValue, reason, value }) => ({
              key,
              value: value ?? null,
              previousValue: previousValue ?? null,
              changedAt,
              changedBy: changedBy ?? null,
              reason: reason ?? null
            }))
          })
        ),
      put: (key, put) => Effect.andThen(ask(change(key, put)), ask(Effect.map(named(settings, key), settingOf)))
    }
  }
}
