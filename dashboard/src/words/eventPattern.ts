/** Patterns of subscriptions: `*` stands for any characters. */

/** Whether a subscription's name or pattern is for an event. */
export const covers = (pattern: string, event: string): boolean => {
  if (!pattern.includes("*")) return pattern === event
  const escaped = pattern.split(/\*+/).map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"))
  return new RegExp(`^${escaped.join(".*")}$`, "su").test(event)
}
