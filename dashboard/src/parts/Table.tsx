/** Lists: a table where there is room, rows of two lines where there is little. Rows can be gone through with j and k. */
import { useWindowVirtualizer } from "@tanstack/react-virtual"
import { type KeyboardEvent, type ReactNode, useEffect, useRef } from "react"
import { Link, useLocation } from "wouter"
import { isBesideList } from "./keys.ts"

export interface Column<Row> {
  readonly id: string
  readonly title: ReactNode
  readonly cell: (row: Row) => ReactNode
  /** Numbers stand at the right. */
  readonly isNumber?: boolean
  /** In rows of two lines: in the `first`, in the `second`, or `left-out`. Default `second`. */
  readonly narrow?: "first" | "second" | "left-out"
  /** Takes the room that is left, and is cut. */
  readonly isWide?: boolean
}

export interface TableProps<Row> {
  /** What is listed, for those who hear it. */
  readonly label: string
  readonly rows: ReadonlyArray<Row>
  readonly columns: ReadonlyArray<Column<Row>>
  readonly keyOf: (row: Row) => string
  /** Where a row leads to. */
  readonly hrefOf?: (row: Row) => string
  /** The row whose detail is shown. */
  readonly currentKey?: string | undefined
  readonly selection?: ReadonlySet<string>
  readonly onSelect?: (keys: ReadonlySet<string>) => void
}

/** From so many on, only rows that are seen are drawn. */
const many = 120

const narrowed = { first: "max-sm:order-1", second: "max-sm:order-2 max-sm:text-muted", "left-out": "max-sm:hidden!" }

/** Relative: what is only heard would be placed, and not be cut, beyond the edge. */
const cellLook = <Row,>({ isNumber, isWide, narrow = "second" }: Column<Row>) =>
  `relative px-2 py-1 align-middle max-sm:p-0 ${narrow === "left-out" ? "" : "max-sm:inline-block"} ${isNumber ? "text-right max-sm:text-left" : "text-left"} ${isWide ? "w-full max-w-0 truncate max-sm:w-auto max-sm:max-w-full max-sm:grow max-sm:whitespace-normal max-sm:break-words" : "max-w-[20vw] truncate max-sm:max-w-full max-sm:whitespace-normal max-sm:[overflow-wrap:anywhere]"} ${narrowed[narrow]}`

const toggled = (keys: ReadonlySet<string>, key: string) => {
  const next = new Set(keys)
  if (!next.delete(key)) next.add(key)
  return next
}

/** Of several tables of a page: the one with the focus, else the first. */
const isMeant = (body: HTMLTableSectionElement) =>
  (document.activeElement?.closest("tbody[data-rows]") ?? document.querySelector("tbody[data-rows]")) === body

/** j and k go through the rows of the page, wherever the focus is, unless somebody types. */
const useRowKeys = (body: { readonly current: HTMLTableSectionElement | null }) => {
  useEffect(() => {
    const onKey = (event: globalThis.KeyboardEvent) => {
      if ((event.key !== "j" && event.key !== "k") || event.ctrlKey || event.metaKey || event.altKey) return
      if (isBesideList(event.target) || body.current === null || !isMeant(body.current)) return
      const rows = [...body.current.querySelectorAll<HTMLElement>("tr[data-key]")]
      const at = rows.findIndex((row) => row.contains(document.activeElement))
      const next = rows[event.key === "j" ? Math.min(at + 1, rows.length - 1) : Math.max(at - 1, 0)]
      next?.focus()
      next?.scrollIntoView({ block: "nearest" })
    }
    document.addEventListener("keydown", onKey)
    return () => document.removeEventListener("keydown", onKey)
  }, [body])
}

export const Table = <Row,>(props: TableProps<Row>) => {
  const { columns, currentKey, hrefOf, keyOf, label, onSelect, rows, selection } = props
  const [, navigate] = useLocation()
  const body = useRef<HTMLTableSectionElement>(null)
  useRowKeys(body)
  const isVirtual = rows.length > many
  const virtual = useWindowVirtualizer({
    count: isVirtual ? rows.length : 0,
    estimateSize: () => 33,
    overscan: 20,
    scrollMargin: body.current?.offsetTop ?? 0
  })
  const items = virtual.getVirtualItems()
  const seen = isVirtual ? items.map(({ index }) => rows[index]!) : rows
  const above = isVirtual ? (items[0]?.start ?? 0) - virtual.options.scrollMargin : 0
  const below = isVirtual ? virtual.getTotalSize() - (items.at(-1)?.end ?? 0) + virtual.options.scrollMargin : 0
  const span = columns.length + (onSelect === undefined ? 0 : 1)

  const onRowKey = (row: Row) => (event: KeyboardEvent<HTMLTableRowElement>) => {
    if (event.target !== event.currentTarget) return
    if (event.key === "Enter" && hrefOf !== undefined) {
      // Else the key would press what has the focus in the detail that opens.
      event.preventDefault()
      navigate(hrefOf(row))
    }
    if (event.key === "x" && onSelect !== undefined) onSelect(toggled(selection ?? new Set(), keyOf(row)))
  }

  const allKeys = rows.map(keyOf)
  const isAll = selection !== undefined && allKeys.length > 0 && allKeys.every((key) => selection.has(key))
  return (
    <table aria-label={label} className="w-full border-collapse text-sm max-sm:block">
      <thead className="max-sm:hidden">
        <tr className="border-b border-line text-muted">
          {onSelect === undefined ? null : (
            <th scope="col" className="w-8 px-2 py-1">
              <input
                type="checkbox"
                className="block"
                aria-label="Select all that are shown"
                checked={isAll}
                onChange={() => onSelect(isAll ? new Set() : new Set(allKeys))}
              />
            </th>
          )}
          {columns.map((column) => (
            <th
              key={column.id}
              scope="col"
              className={`px-2 py-1 font-normal whitespace-nowrap ${column.isNumber ? "text-right" : "text-left"}`}
            >
              {column.title}
            </th>
          ))}
        </tr>
      </thead>
      <tbody ref={body} data-rows="" className="max-sm:block">
        {above > 0 ? (
          <tr style={{ height: above }}>
            <td colSpan={span} />
          </tr>
        ) : null}
        {seen.map((row) => {
          const key = keyOf(row)
          return (
            <tr
              key={key}
              data-key={key}
              tabIndex={-1}
              aria-current={currentKey === key ? true : undefined}
              onKeyDown={onRowKey(row)}
              onClick={(event) => {
                const isOwn = (event.target as HTMLElement).closest("a,button,input,label") !== null
                if (!isOwn && hrefOf !== undefined && getSelection()?.isCollapsed !== false) navigate(hrefOf(row))
              }}
              className={`h-8 border-b border-line/60 last:border-0 max-sm:flex max-sm:h-auto max-sm:flex-wrap max-sm:items-baseline max-sm:gap-x-3 max-sm:gap-y-0.5 max-sm:py-2 max-sm:after:order-1 max-sm:after:basis-full ${hrefOf === undefined ? "" : "cursor-pointer hover:bg-hover focus-within:bg-hover"} ${currentKey === key ? "bg-accent-soft" : ""}`}
            >
              {onSelect === undefined ? null : (
                <td className="w-8 px-2 max-sm:w-auto max-sm:self-center max-sm:p-0">
                  <input
                    type="checkbox"
                    className="block"
                    aria-label={`Select ${key}`}
                    checked={selection?.has(key) === true}
                    onChange={() => onSelect(toggled(selection ?? new Set(), key))}
                  />
                </td>
              )}
              {columns.map((column, index) => (
                <td key={column.id} className={cellLook(column)}>
                  {index === 0 && hrefOf !== undefined ? (
                    <Link href={hrefOf(row)} className="hover:underline">
                      {column.cell(row)}
                    </Link>
                  ) : (
                    column.cell(row)
                  )}
                </td>
              ))}
            </tr>
          )
        })}
        {below > 0 ? (
          <tr style={{ height: below }}>
            <td colSpan={span} />
          </tr>
        ) : null}
      </tbody>
    </table>
  )
}
