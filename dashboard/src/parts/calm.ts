/** Nothing moves under the pointer: while somebody is at a list, what is new waits until it is wanted. */
import { useRef, useState } from "react"

/**
 * @param rows - as they are now
 * @param keyOf - tells one row from another
 * @returns rows to show (those shown before keep their place, with their newest content; what is behind the last of them is appended, as
 * that moves nothing), how many wait, and handlers for the list
 */
export const useCalm = <Row>(rows: ReadonlyArray<Row>, keyOf: (row: Row) => string, isHeld = false) => {
  const [isInside, setInside] = useState(false)
  const [, setShown] = useState(0)
  const kept = useRef<ReadonlyArray<Row>>(rows)
  const isCalm = isInside || isHeld
  const byKey = new Map(rows.map((row) => [keyOf(row), row]))
  const before = new Set(kept.current.map(keyOf))
  const last = rows.findLastIndex((row) => before.has(keyOf(row)))
  const end = last < 0 ? rows.length : last + 1
  const isNew = (row: Row) => !before.has(keyOf(row))
  const isHolding = isCalm && kept.current.length > 0
  const waits = isHolding ? rows.slice(0, end).filter(isNew).length : 0
  const held = kept.current.map((row) => byKey.get(keyOf(row)) ?? row)
  const shown = isHolding ? [...held, ...rows.slice(end).filter(isNew)] : rows
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
