/** What is shown is in the address: filters, tabs, ranges and selections can be linked, and survive a reload. */
import { useCallback } from "react"
import { useSearchParams } from "wouter"

type Change = Readonly<Record<string, string | ReadonlyArray<string> | undefined>>

const changed = (before: URLSearchParams, change: Change) => {
  const after = new URLSearchParams(before)
  for (const [name, value] of Object.entries(change)) {
    after.delete(name)
    if (value === undefined || value === "") continue
    for (const each of typeof value === "string" ? [value] : value) after.append(name, each)
  }
  return after
}

/** All that is in the address, and a way to change several at once. Changes replace the entry of the history. */
export const useParams = () => {
  const [params, setParams] = useSearchParams()
  const change = useCallback(
    (what: Change) => setParams((before) => changed(before, what), { replace: true }),
    [setParams]
  )
  return [params, change] as const
}

/** One value of the address. Undefined when it is not there; setting undefined removes it. */
export const useParam = (name: string) => {
  const [params, change] = useParams()
  const set = useCallback((value: string | undefined) => change({ [name]: value }), [change, name])
  return [params.get(name) ?? undefined, set] as const
}
