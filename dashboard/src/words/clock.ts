/** What time it is, for ages on the page: it goes on each second, but not while the page is paused. */
import { useEffect, useMemo } from "react"
import { keep, readKept } from "../api/kept.ts"
import { makeStore } from "../api/store.ts"

/** Whether times are told in UTC; else as the browser's own. */
export const isUtc = makeStore(readKept("utc") === "true")

export const toggleUtc = () => {
  isUtc.set(!isUtc.get())
  keep("utc", String(isUtc.get()))
}

/** How far the server's clock is ahead of the browser's, in milliseconds; 0 while they agree as far as can be told. */
const ahead = makeStore(0)

/** Answers tell whole seconds, and take a moment to come. */
const disagreement = 3_000

/** What time it is where events are stored, in milliseconds since 1970: the browser's clock may be wrong. */
export const serverNow = (): number => Date.now() + ahead.get()

/** A time of the browser's own clock as the server has it. */
export const asServer = (at: number): number => at + ahead.get()

/** For what is made of the time at the server, and has to be made anew when that turns out to be another one. */
export const useAhead = ahead.use

const now = makeStore(Date.now())

/** @param date - of an answer that has just come, as its header says; null when it does not */
export const tellTime = (date: string | null) => {
  const at = date === null ? Number.NaN : Date.parse(date) + 500
  if (!(Math.abs(at - serverNow()) > disagreement)) return
  const found = at - Date.now()
  ahead.set(Math.abs(found) > disagreement ? found : 0)
  now.set(serverNow())
}

let watchers = 0
let timer: ReturnType<typeof setInterval> | undefined

/** The time at the server in milliseconds since 1970, each second anew. */
export const useNow = (): number => {
  useEffect(() => {
    watchers += 1
    now.set(serverNow())
    timer ??= setInterval(() => now.set(serverNow()), 1_000)
    return () => {
      watchers -= 1
      if (watchers > 0) return
      clearInterval(timer)
      timer = undefined
    }
  }, [])
  return now.use()
}

/** The time when something began to be shown; for spans that must not move while somebody looks. */
export const useFixedNow = (): number => {
  const known = useAhead()
  // biome-ignore lint/correctness/useExhaustiveDependencies: it is another time when the server's turns out to be another one.
  return useMemo(serverNow, [known])
}

const time = { hour: "2-digit", minute: "2-digit", second: "2-digit" } as const
const date = { day: "numeric", month: "short", year: "numeric" } as const

const forms = {
  time,
  dayAndTime: { ...time, day: "numeric", month: "short" },
  dateAndTime: { ...time, ...date },
  dateAndMillis: { ...time, ...date, fractionalSecondDigits: 3 },
  day: { dateStyle: "full" }
} as const satisfies Record<string, Intl.DateTimeFormatOptions>

const formats = new Map<string, Intl.DateTimeFormat>()

/** Kept, as making one takes far longer than writing a time with it, and lists write thousands. */
const formatOf = (form: keyof typeof forms, utc: boolean) => {
  const key = `${form} ${utc}`
  const known = formats.get(key)
  if (known !== undefined) return known
  const format = new Intl.DateTimeFormat("en-GB", { ...forms[form], ...(utc ? { timeZone: "UTC" } : {}) })
  formats.set(key, format)
  return format
}

/** `28 Nov 2026, 14:02:11`, with milliseconds where wanted. */
export const timeText = (at: string | number, utc: boolean, withMillis = false): string => {
  const text = formatOf(withMillis ? "dateAndMillis" : "dateAndTime", utc).format(new Date(at))
  return utc ? `${text} UTC` : text
}

/** `14:02:11`; with the day if it is another one. */
export const clockText = (at: string | number, utc: boolean): string => {
  const date = new Date(at)
  const isToday = Math.abs(serverNow() - date.getTime()) < 43_200_000
  return formatOf(isToday ? "time" : "dayAndTime", utc).format(date)
}

/** `Saturday, 28 November 2026`. */
export const dayText = (at: string | number, utc: boolean): string => formatOf("day", utc).format(new Date(at))
