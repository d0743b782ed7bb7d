/** Deliveries of an event, one square a consumer: colour and shape say how each stands. */
import type { ReactNode } from "react"
import { type State, stateOfDelivery, states, wordOfDelivery } from "../../words/states.ts"

export interface SquareDelivery {
  readonly consumer: string
  readonly status: string
  readonly isOpen: boolean
  readonly isParked?: boolean
  readonly attemptCount: number
}

const most = 10

const frame = <rect x="1" y="1" width="10" height="10" rx="1.5" fill="none" stroke="currentColor" strokeWidth="1.5" />

const full = <rect x="0.5" y="0.5" width="11" height="11" rx="2" fill="currentColor" />

const shapes: Readonly<Record<State, ReactNode>> = {
  waiting: frame,
  running: (
    <>
      {frame}
      <rect x="1" y="1" width="5" height="10" fill="currentColor" />
    </>
  ),
  done: <rect x="0.5" y="0.5" width="11" height="11" rx="2" fill="currentColor" opacity="0.45" />,
  retrying: (
    <>
      {frame}
      <path d="M6 3.2 9 8.6H3z" fill="currentColor" />
    </>
  ),
  "gave-up": (
    <>
      {full}
      <path d="m3.7 3.7 4.6 4.6m0-4.6L3.7 8.3" stroke="var(--panel)" strokeWidth="1.5" />
    </>
  ),
  parked: (
    <>
      {frame}
      <path d="M6 3 9 6 6 9 3 6z" fill="currentColor" />
    </>
  ),
  paused: (
    <>
      {frame}
      <path d="M3.5 6h5" stroke="currentColor" strokeWidth="1.5" />
    </>
  )
}

export const Square = ({ delivery }: { readonly delivery: SquareDelivery }) => {
  const state = stateOfDelivery(delivery)
  const said = `${delivery.consumer}: ${wordOfDelivery(delivery)}`
  return (
    <svg
      viewBox="0 0 12 12"
      width={12}
      height={12}
      role="img"
      aria-label={said}
      className={`shrink-0 ${states[state].text}`}
    >
      <title>{said}</title>
      {shapes[state]}
    </svg>
  )
}

export const Squares = ({ deliveries }: { readonly deliveries: ReadonlyArray<SquareDelivery> }) =>
  deliveries.length === 0 ? (
    <span className="text-faint">no consumer</span>
  ) : (
    <span className="inline-flex items-center gap-[3px] align-middle">
      {deliveries.slice(0, most).map((delivery) => (
        <Square key={delivery.consumer} delivery={delivery} />
      ))}
      {deliveries.length > most ? <span className="text-faint">+{deliveries.length - most}</span> : null}
    </span>
  )
