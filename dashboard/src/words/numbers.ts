/** Numbers and times as people read them. */

const grouped = new Intl.NumberFormat("en-GB")

/** All digits, in groups. */
export const exact = (value: number): string => grouped.format(value)

/** `999`, `1 k`, `1.2 k`, `35 k`, `1.4 M`. */
export const short = (value: number): string => {
  if (Math.abs(value) < 1_000) return Number.isInteger(value) ? String(value) : value.toFixed(value < 10 ? 1 : 0)
  const [unit, suffix] =
    Math.abs(value) < 999_950 ? [1_000, "k"] : Math.abs(value) < 999_950_000 ? [1e6, "M"] : [1e9, "G"]
  const scaled = value / unit
  return `${scaled < 10 ? scaled.toFixed(1).replace(".0", "") : Math.round(scaled)} ${suffix}`
}

/** A count that stops at `most`: `1,000+`. */
export const capped = (value: number, most: number): string => (value >= most ? `${exact(most - 1)}+` : short(value))

const units = [
  [86_400_000, "d"],
  [3_600_000, "h"],
  [60_000, "min"],
  [1_000, "s"]
] as const

/** To two units: `3 d 4 h`, `12 s`, `840 ms`. */
export const duration = (millis: number): string => {
  if (millis < 1) return millis > 0 ? "<1 ms" : "0 s"
  if (millis < 1_000) return `${Math.round(millis)} ms`
  if (millis < 10_000) return `${(millis / 1_000).toFixed(1)} s`
  const index = units.findIndex(([unit]) => millis >= unit)
  const [unit, name] = units[index]!
  const next = units[index + 1]
  const count = Math.floor(millis / unit)
  const rest = next === undefined ? 0 : Math.floor((millis - count * unit) / next[0])
  return rest === 0 || count >= 10 ? `${count} ${name}` : `${count} ${name} ${rest} ${next![1]}`
}

/** A span of time in one unit, as axes have room for: `1.5 min`. */
export const briefly = (millis: number): string => {
  const [unit, name] = units.find(([each]) => millis >= each) ?? [1, "ms"]
  const count = millis / unit
  return `${count < 10 && !Number.isInteger(count) ? count.toFixed(1) : Math.round(count)} ${millis === 0 ? "s" : name}`
}

/** To one unit, as ages are: `12 s ago`, `in 3 min`, `now`. */
export const ago = (at: string | number, now: number): string => {
  const millis = now - new Date(at).getTime()
  const age = Math.abs(millis)
  if (age < 1_000) return "now"
  const [unit, name] = units.find(([unit]) => age >= unit)!
  const text = `${Math.floor(age / unit)} ${name}`
  return millis < 0 ? `in ${text}` : `${text} ago`
}

/** A share as `0 %`, `0.4 %`, `12 %`. */
export const percent = (part: number, whole: number): string => {
  if (whole === 0) return "–"
  const value = (100 * part) / whole
  return `${value > 0 && value < 9.95 ? value.toFixed(1) : Math.round(value)} %`
}

/** The bound below which a share of a distribution lies, in seconds; undefined when there is nothing. */
export const quantile = (
  { bounds, counts }: { readonly bounds: ReadonlyArray<number>; readonly counts: ReadonlyArray<number> },
  share: number
): number | undefined => {
  const total = counts.reduce((sum, count) => sum + count, 0)
  if (total === 0) return undefined
  let seen = 0
  for (const [index, count] of counts.entries()) {
    seen += count
    if (seen >= share * total) return bounds[index] ?? bounds.at(-1)! * 2
  }
  return undefined
}

/** `p95` as text: `≤ 25 ms`. */
export const quantileText = (distribution: Parameters<typeof quantile>[0], share: number): string => {
  const seconds = quantile(distribution, share)
  if (seconds === undefined) return "–"
  const last = distribution.bounds.at(-1)!
  return seconds > last ? `> ${duration(last * 1_000)}` : `≤ ${duration(seconds * 1_000).replace(".0 s", " s")}`
}
