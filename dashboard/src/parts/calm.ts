/** Nothing moves under the pointer: while somebody is at a list, what is new waits until it is wanted. */
import { useRef, useState } from "react"

/**
 * @param rows - as they are now
 * @param keyOf - tells one row from another
 * @returns rows to show (those shown before keep their place, with their newest content), how many wait, and handlers for the list
 */
export const useCalm = <Row>(rows: ReadonlyArray<Row>, keyOf: (row: Row) => string, isHeld = false) => {
  const [isInside, setInside] = useState(false)
  const [, setShown] = useState(0)
  const kept = useRef<ReadonlyArray<Row>>(rows)
  const isCalm = isInside || isHeld
  const byKey = new Map(rows.map((row) => [keyOf(row), row]))
  const before = new Set(kept.current.map(keyOf))
  const arrived = rows.filter((row) => !before.has(keyOf(row)))
  const waits = isCalm && kept.current.length > 0 ? arrived.length : 0
  const shown = isCalm && kept.current.length > 0 ? kept.current.map((row) => byKey.get(keyOf(row)) ?? row) : rows
  kept.current = shown
  return {
    shown,
    waits,
    show: () => {
      kept.current = rows
      setShown((count) => count + 1)
    },
    handlers: { onMouseEnter: () => setInside(true), onMouseLeave: () => setInside(false) }
  }
}
