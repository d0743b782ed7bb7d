/** What lines and boxes of the map mean. */
import type { ReactNode } from "react"

const Line = ({
  children,
  className,
  dash
}: {
  readonly className: string
  readonly dash?: string
  readonly children: ReactNode
}) => (
  <span className="inline-flex items-center gap-1.5">
    <svg aria-hidden="true" width="24" height="6" className={className}>
      <line x1="0" y1="3" x2="24" y2="3" stroke="currentColor" strokeWidth="2" strokeDasharray={dash} />
    </svg>
    {children}
  </span>
)

export const Legend = ({ isCollapsed }: { readonly isCollapsed: boolean }) => (
  <p className="flex flex-wrap items-center gap-x-4 gap-y-1 border-t border-line px-4 py-2 text-sm text-muted">
    <span>The thicker, the more.</span>
    <Line className="text-edge">flows</Line>
    <Line className="text-retrying">
      <span className="text-retrying">▲</span> retried
    </Line>
    <Line className="text-gave-up">
      <span className="text-gave-up">■</span> gave up
    </Line>
    <Line className="text-edge" dash="3 4">
      silent
    </Line>
    <span className="inline-flex items-center gap-1.5">
      <span aria-hidden="true" className="h-3 w-5 rounded-sm border border-dashed border-edge" />
      nobody serves it, or gets it
    </span>
    {isCollapsed ? <span>Modules are shown as one: choose one to show each part of it.</span> : null}
  </p>
)
