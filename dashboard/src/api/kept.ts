/** What the browser keeps for the page. Where it keeps nothing, as its owner may have it, choices last as long as the page. */

export const readKept = (name: string): string | null => {
  try {
    return localStorage.getItem(name)
  } catch {
    return null
  }
}

/** @param value - undefined: nothing is kept any more */
export const keep = (name: string, value: string | undefined): void => {
  try {
    if (value === undefined) localStorage.removeItem(name)
    else localStorage.setItem(name, value)
  } catch {
    // It is only a choice of how the page looks.
  }
}
