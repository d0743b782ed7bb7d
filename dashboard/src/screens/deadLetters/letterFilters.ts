/** The filters of dead letters, from the address to what is asked. */
import type { Asked } from "../../api/wire.ts"
import { serverNow } from "../../words/clock.ts"
import { entityOf } from "../../words/entities.ts"
import type { Filter } from "../operations/words.ts"

const spans: Readonly<Record<string, number>> = { "1h": 3_600_000, "24h": 86_400_000, "7d": 604_800_000 }

export const sinceChoices = [
  { value: "", label: "At any time" },
  { value: "1h", label: "In the last hour" },
  { value: "24h", label: "In the last 24 hours" },
  { value: "7d", label: "In the last 7 days" }
]

/** What clears them all. */
export const noFilters = {
  consumer: undefined,
  event: undefined,
  tag: undefined,
  aggregate: undefined,
  since: undefined,
  undecodable: undefined
}

export const isFiltered = (params: URLSearchParams): boolean => Object.keys(noFilters).some((name) => params.has(name))

/** In whole minutes, so that the same question is asked for a while. */
const sinceOf = (span: string | null) => {
  const millis = span === null ? undefined : spans[span]
  return millis === undefined
    ? {}
    : { since: new Date(Math.floor(serverNow() / 60_000) * 60_000 - millis).toISOString() }
}

const common = (params: URLSearchParams) => {
  const consumer = params.get("consumer")
  const eventName = params.get("event")
  const errorTag = params.get("tag")
  const undecodable = params.get("undecodable")
  return {
    ...(consumer === null ? {} : { consumer }),
    ...(eventName === null ? {} : { eventName }),
    ...(errorTag === null ? {} : { errorTag }),
    ...(undecodable === null ? {} : { isUndecodable: undecodable === "yes" }),
    ...sinceOf(params.get("since"))
  }
}

/** For the list. */
export const queryOf = (params: URLSearchParams): NonNullable<Asked<"GET", "/dead-letters">["query"]> => {
  const aggregate = params.get("aggregate")
  return { ...common(params), ...(aggregate === null ? {} : { aggregate }) }
}

/** For an operation on all that is listed. */
export const filterOf = (params: URLSearchParams): Filter => {
  const aggregate = entityOf(params.get("aggregate") ?? "")
  return { ...common(params), ...(aggregate === undefined ? {} : { aggregate }) }
}
