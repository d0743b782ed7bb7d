/**
 * What the title of a group of errors leaves out, and which values it had.
 *
 * @since 0.1.0
 */
import { templateOf } from "../model/errorTemplate.ts"

/** The values of a placeholder. @since 0.1.0 */
export interface LeftOutValues {
  /** As it stands in the title: `<number>`, `<number 2>`. */
  readonly placeholder: string
  /** The most frequent first, at most 20, each cut to 200 characters; one alone is the same in all of them. */
  readonly values: ReadonlyArray<{ readonly value: string; readonly count: number }>
}

const mostValues = 20

/** In the order in which placeholders first come. @internal */
export const leftOutOf = (messages: ReadonlyArray<string>): ReadonlyArray<LeftOutValues> => {
  const counts = new Map<string, Map<string, number>>()
  for (const message of messages) {
    for (const { placeholder, value } of templateOf(message).leftOut) {
      const values = counts.get(placeholder) ?? new Map<string, number>()
      values.set(value, (values.get(value) ?? 0) + 1)
      counts.set(placeholder, values)
    }
  }
  return [...counts].map(([placeholder, values]) => ({
    placeholder,
    values: [...values]
      .map(([value, count]) => ({ value, count }))
      .toSorted((a, b) => b.count - a.count)
      .slice(0, mostValues)
  }))
}
