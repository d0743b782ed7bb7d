/** From what was typed to what the server is asked, or why not: in a sentence. */
import type { EventQuery } from "../../api/wire.ts"
import { filterKeys, isKey, isStatus, pathOf, type Term, termsOf } from "./language.ts"
import { timeForms, timeOf } from "./times.ts"

export interface TermProblem {
  readonly term: Term
  readonly message: string
}

export interface Filter {
  readonly terms: ReadonlyArray<Term>
  readonly query: EventQuery
  /** One event is meant, by its id. */
  readonly id: string | undefined
  readonly problems: ReadonlyArray<TermProblem>
}

const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i

const plain = (value: string) => `"${value.length > 60 ? `${value.slice(0, 60)}…` : value}"`

/** How many characters have to change, at most two, to get from one key to another. */
const isAlike = (typed: string, key: string) => {
  if (typed.length > 2 && (typed.includes(key) || key.includes(typed))) return true
  if (Math.abs(typed.length - key.length) > 2) return false
  const wrong = [...key].filter((character, index) => typed[index] !== character).length
  return wrong <= 2 || key.startsWith(typed) || [...key].sort().join("") === [...typed].sort().join("")
}

const unknownKey = (key: string) => {
  const meant = filterKeys.find((known) => isAlike(key.toLowerCase(), known.key))
  const known = filterKeys.map((each) => each.key).join(", ")
  return meant === undefined
    ? `There is no ${key}: in the filter. It knows ${known}. Put it in quotes to look for it as text.`
    : `There is no ${key}: in the filter. Did you mean ${meant.key}:?`
}

const isBalanced = (path: string) => /^(?:[^[\]"]|\[\d+\]|\["(?:[^"\\]|\\.)*"\])+$/.test(path)

/** What is wrong with the form of a value; undefined if nothing. */
const formProblem = ({ key = "", value }: Term, now: number, isUtc: boolean): string | undefined => {
  const path = pathOf(key)
  if (key === "payload") return "Say where in the payload: payload.customer.id:42."
  if (path !== undefined && !isBalanced(path))
    return `${plain(path)} is no path. Write customer.id, items[0].sku or ["odd.key"].`
  if (value === "" && path === undefined) return `There is nothing after ${key}:.`
  if (key === "status" && !isStatus(value)) {
    return `${plain(value)} is no status of an event. Write pending, processing, processed, failed or dead_letter.`
  }
  if (key === "aggregate" && value.split("/").some((part) => part === ""))
    return `${plain(value)} has an empty part. Write Invoice/42, or finance/Invoice/42.`
  if (key === "aggregate" && !value.includes("/"))
    return `${plain(value)} has no id. Write Invoice/42, or finance/Invoice/42.`
  if (key === "id" && !uuid.test(value)) return `${plain(value)} is no id of an event.`
  if ((key === "since" || key === "until") && timeOf(value, now, isUtc) === undefined) {
    return `${plain(value)} is no time. Write ${timeForms}.`
  }
  return undefined
}

const problemOf = (term: Term, terms: ReadonlyArray<Term>, now: number, isUtc: boolean): string | undefined => {
  const { key } = term
  const before = terms.slice(0, terms.indexOf(term)).filter((each) => each.key === key)
  if (key === undefined) {
    const first = before[0]
    return first === undefined
      ? undefined
      : `One text at a time is looked for. Write "${first.value} ${term.value}" in quotes if they stand side by side.`
  }
  if (!isKey(key) && key !== "payload") return unknownKey(key)
  const isMany = pathOf(key) !== undefined || filterKeys.some((known) => known.key === key && known.isMany === true)
  if (!isMany && before.length > 0) return `${key}: is there twice, and only one can be looked for.`
  if (key === "id" && terms.length > 1) return "id: is about one event: leave the others out."
  if (pathOf(key) !== undefined && terms.filter((each) => pathOf(each.key ?? "") !== undefined).indexOf(term) > 4) {
    return "Not more than five values of the payload can be looked for at once."
  }
  return formProblem(term, now, isUtc)
}

const isJson = (value: string) => {
  try {
    JSON.parse(value)
    return true
  } catch {
    return false
  }
}

/** In quotes it is a text, even if it looks like a number. */
const conditionOf = (path: string, { isQuoted, value }: Term) =>
  `${path}=${isQuoted || !isJson(value) ? JSON.stringify(value) : value}`

const queryOf = (terms: ReadonlyArray<Term>, now: number, isUtc: boolean): EventQuery => {
  const valuesOf = (key: string | undefined) => terms.filter((term) => term.key === key).map(({ value }) => value)
  const one = (name: string, key: string | undefined, value = valuesOf(key)[0]) =>
    value === undefined ? {} : { [name]: value }
  const many = (name: string, values: ReadonlyArray<string>) => (values.length === 0 ? {} : { [name]: values })
  const time = (name: "since" | "until") => {
    const [text] = valuesOf(name)
    return text === undefined ? {} : one(name, name, timeOf(text, now, isUtc))
  }
  const payload = terms.flatMap((term) => {
    const path = pathOf(term.key ?? "")
    return path === undefined ? [] : [conditionOf(path, term)]
  })
  return {
    ...many("name", valuesOf("name")),
    ...many("module", valuesOf("module")),
    ...many("status", valuesOf("status")),
    ...one("consumer", "consumer"),
    ...one("aggregate", "aggregate"),
    ...one("correlationId", "correlation"),
    ...one("causationId", "cause"),
    ...time("since"),
    ...time("until"),
    ...many("payload", payload),
    ...one("text", undefined)
  }
}

/**
 * @param text - what was typed, as it is in the address
 * @param now - what ages such as `15m` count back from, in milliseconds since 1970
 * @param isUtc - whether times without a zone are meant in UTC
 */
export const filterOf = (text: string, now: number, isUtc: boolean): Filter => {
  const terms = termsOf(text)
  const problems = terms.flatMap((term) => {
    const message = problemOf(term, terms, now, isUtc)
    return message === undefined ? [] : [{ term, message }]
  })
  const known = terms.filter((term) => !problems.some((problem) => problem.term === term))
  return {
    terms,
    problems,
    query: queryOf(known, now, isUtc),
    id: known.find(({ key }) => key === "id")?.value.toLowerCase()
  }
}
