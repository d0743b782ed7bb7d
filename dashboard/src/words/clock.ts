/** What time it is, for ages on the page: it goes on each second, but not while the page is paused. */
import { useEffect, useState } from "react"
import { keep, readKept } from "../api/kept.ts"
import { makeStore } from "../api/store.ts"

/** Whether times are told in UTC; else as the browser's own. */
export const isUtc = makeStore(readKept("utc") === "true")

export const toggleUtc = () => {
  isUtc.set(!isUtc.get())
  keep("utc", String(isUtc.get()))
}

const now = makeStore(Date.now())
let watchers = 0
let timer: ReturnType<typeof setInterval> | undefined

/** Milliseconds since 1970, each second anew. */
export const useNow = (): number => {
  useEffect(() => {
    watchers += 1
    now.set(Date.now())
    timer ??= setInterval(() => now.set(Date.now()), 1_000)
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
export const useFixedNow = (): number => useState(Date.now)[0]

const zoneOf = (utc: boolean) => (utc ? { timeZone: "UTC" } : {})

/** `28 Nov 2026, 14:02:11`, with milliseconds where wanted. */
export const timeText = (at: string | number, utc: boolean, withMillis = false): string => {
  const text = new Intl.DateTimeFormat("en-GB", {
    day: "numeric",
    month: "short",
    year: "numeric",
    hour: "2-digit",
    minute: "2-digit",
    second: "2-digit",
    ...(withMillis ? { fractionalSecondDigits: 3 as const } : {}),
    ...zoneOf(utc)
  }).format(new Date(at))
  return utc ? `${text} UTC` : text
}

/** `14:02:11`; with the day if it is another one. */
export const clockText = (at: string | number, utc: boolean): string => {
  const date = new Date(at)
  const isToday = Math.abs(Date.now() - date.getTime()) < 43_200_000
  return new Intl.DateTimeFormat("en-GB", {
    ...(isToday ? {} : { day: "numeric" as const, month: "short" as const }),
    hour: "2-digit",
    minute: "2-digit",
    second: "2-digit",
    ...zoneOf(utc)
  }).format(date)
}

/** `Saturday, 28 November 2026`. */
export const dayText = (at: string | number, utc: boolean): string =>
  new Intl.DateTimeFormat("en-GB", { dateStyle: "full", ...zoneOf(utc) }).format(new Date(at))
