/**
 * The address as it is written. The router would decode it once before anybody reads it, so that a `%2F` that belongs to a name could not be
 * told from one that stands for a slash: here it gets each `%` escaped once more.
 */
import type { BaseLocationHook, BaseSearchHook } from "wouter"
import { navigate, usePathname, useSearch } from "wouter/use-browser-location"
import { basePath } from "../api/base.ts"

const kept = (text: string) => text.replaceAll("%", "%25")

/** The base path stays as it is: the router compares it decoded. */
const keptBelow = (path: string) =>
  path.startsWith(basePath) ? `${basePath}${kept(path.slice(basePath.length))}` : kept(path)

export const usePathAsWritten: BaseLocationHook = () => [keptBelow(usePathname()), navigate]

export const useSearchAsWritten: BaseSearchHook = () => kept(useSearch())
