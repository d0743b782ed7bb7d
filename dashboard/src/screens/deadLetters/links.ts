/** Addresses within dead letters: filters stay, what is about one place only does not. */
import { useCallback } from "react"
import { useSearch } from "wouter"

/** Belong to the list or detail where they were set. */
const ofOnePlace = ["operation", "x", "edit"]

/** The address of a path, with the filters of now. */
export const useFilteredHref = () => {
  const search = useSearch()
  return useCallback(
    (path: string) => {
      const params = new URLSearchParams(search)
      for (const name of ofOnePlace) params.delete(name)
      return params.size === 0 ? path : `${path}?${params}`
    },
    [search]
  )
}
