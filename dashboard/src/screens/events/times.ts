/** Times as people type them into the filter. */

const units: Readonly<Record<string, number>> = {
  s: 1_000,
  m: 60_000,
  min: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000
}

export const timeForms = "15m, 2h or 3d ago, 14:30, 2026-11-28, or 2026-11-28T14:30"

const zoned = (text: string, isUtc: boolean) => new Date(isUtc ? `${text}Z` : text)

/** The day of a time, as a date has it at the beginning. */
const dayOf = (now: number, isUtc: boolean) => {
  const date = new Date(now)
  const local = new Date(now - date.getTimezoneOffset() * 60_000)
  return (isUtc ? date : local).toISOString().slice(0, 10)
}

const read = (text: string, now: number, isUtc: boolean): Date | undefined => {
  const [, count, unit = ""] = /^(\d{1,9})\s*(s|m|min|h|d|w)$/.exec(text) ?? []
  if (count !== undefined) return new Date(now - Number(count) * units[unit]!)
  if (text === "today") return zoned(`${dayOf(now, isUtc)}T00:00`, isUtc)
  if (text === "yesterday") return zoned(`${dayOf(now - 86_400_000, isUtc)}T00:00`, isUtc)
  if (/^\d{1,2}:\d{2}(:\d{2}(\.\d{1,3})?)?$/.test(text)) {
    const time = zoned(
      `${dayOf(now, isUtc)}T${text.padStart(text.indexOf(":") === 1 ? text.length + 1 : 0, "0")}`,
      isUtc
    )
    // A time that is still to come was meant for the day before.
    return time.getTime() > now + 60_000 ? new Date(time.getTime() - 86_400_000) : time
  }
  if (/^\d{4}-\d{2}-\d{2}$/.test(text)) return zoned(`${text}T00:00`, isUtc)
  if (!/^\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}/.test(text)) return undefined
  return /(Z|[+-]\d{2}:?\d{2})$/i.test(text) ? new Date(text) : zoned(text.replace(" ", "T"), isUtc)
}

/**
 * @param now - what ages count back from, in milliseconds since 1970
 * @param isUtc - whether times without a zone are meant in UTC; else as the browser's own
 * @returns as ISO text; undefined when it is no time
 */
export const timeOf = (text: string, now: number, isUtc: boolean): string | undefined => {
  const date = read(
    text
      .trim()
      .toLowerCase()
      .replace(/t(?=\d)/, "T")
      .replace(/z$/, "Z"),
    now,
    isUtc
  )
  const year = date?.getUTCFullYear() ?? Number.NaN
  return date !== undefined && year >= 1 && year <= 9999 ? date.toISOString() : undefined
}
