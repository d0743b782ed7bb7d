/**
 * What an error group is called.
 *
 * @internal
 */
import type { ErrorGroup } from "./model/deadLetters.ts"

/** Its tag and its title; messages of some errors begin with the tag already. */
export const taggedTitle = ({ errorTag, title }: Pick<ErrorGroup, "errorTag" | "title">): string =>
  title.startsWith(`${errorTag}:`) ? title : `${errorTag}: ${title}`
