/**
 * A part of a screen with its heading: hairlines, no boxes in boxes, and what tables say begins where the heading does. What has a frame
 * by itself (`data-framed`) shares the one that is here.
 */
import { type ReactNode, useId } from "react"

export const Panel = ({
  actions,
  children,
  className = "",
  title
}: {
  readonly title: ReactNode
  readonly actions?: ReactNode
  readonly children: ReactNode
  readonly className?: string
}) => {
  const id = useId()
  return (
    <section aria-labelledby={id} className={`min-w-0 rounded-md border border-line bg-panel ${className}`}>
      <header className="flex min-h-10 flex-wrap items-center justify-between gap-x-4 gap-y-1 border-b border-line px-4 py-1">
        <h2 id={id}>{title}</h2>
        {actions === undefined ? null : <div className="flex flex-wrap items-center gap-2">{actions}</div>}
      </header>
      <div className="min-w-0 px-4 py-2 [&_[data-framed]]:-mx-4 [&_[data-framed]]:rounded-none [&_[data-framed]]:border-x-0 [&_[data-framed]]:border-b-0 [&_[data-framed]]:bg-transparent [&>:first-child>[data-framed]:first-child]:-mt-2 [&>:first-child>[data-framed]:first-child]:border-t-0 sm:[&_table:has(>[data-rows])]:-mx-2 sm:[&_table:has(>[data-rows])]:w-[calc(100%+16px)]">
        {children}
      </div>
    </section>
  )
}

/** The heading of a screen. */
export const ScreenTitle = ({
  actions,
  children,
  title
}: {
  readonly title: string
  /** A sentence on what is here. */
  readonly children?: ReactNode
  readonly actions?: ReactNode
}) => (
  <header className="mb-3 flex flex-wrap items-end justify-between gap-x-4 gap-y-2">
    <div className="min-w-0">
      <h1 className="text-xl">{title}</h1>
      {children === undefined ? null : <p className="text-muted">{children}</p>}
    </div>
    {actions === undefined ? null : <div className="flex flex-wrap items-center gap-2">{actions}</div>}
  </header>
)

/** Names and values, one below the other. */
export const Facts = ({ facts }: { readonly facts: ReadonlyArray<readonly [name: string, value: ReactNode]> }) => (
  <dl className="grid grid-cols-[minmax(96px,max-content)_minmax(0,1fr)] items-baseline gap-x-4 gap-y-1">
    {facts.map(([name, value]) => (
      <div key={name} className="contents">
        <dt className="text-muted">{name}</dt>
        <dd className="min-w-0 break-words">{value}</dd>
      </div>
    ))}
  </dl>
)
