/** Which detail the address names, and how it is closed: the filters of the list behind it stay. */
import { useCallback } from "react"
import { useLocation, useRoute, useSearch } from "wouter"

/** Somebody may have typed a `%` that stands for itself. */
const decoded = (text: string) => {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

/**
 * @param pattern - of the router, as `/events/:id`
 * @returns its parameters, decoded; undefined when the address is another one
 */
export const usePlace = <Names extends string>(pattern: string): Readonly<Record<Names, string>> | undefined => {
  const [isThere, params] = useRoute(pattern)
  if (!isThere) return undefined
  const all = Object.entries(params as Readonly<Record<Names, string>>)
  return Object.fromEntries(all.map(([name, text]) => [name, decoded(text as string)])) as Record<Names, string>
}

/** Goes to a path and keeps what is after the `?`, but for the given names. */
export const useGo = () => {
  const [, navigate] = useLocation()
  const search = useSearch()
  return useCallback(
    (path: string, without: ReadonlyArray<string> = []) => {
      const params = new URLSearchParams(search)
      for (const name of without) params.delete(name)
      navigate(params.size === 0 ? path : `${path}?${params}`)
    },
    [navigate, search]
  )
}

/** The address of a path with what is after the `?` now. */
export const useHref = () => {
  const search = useSearch()
  return useCallback((path: string) => (search === "" ? path : `${path}?${search}`), [search])
}
