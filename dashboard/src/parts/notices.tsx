/** What was done, said once in a corner, also to those who hear the page. */
import { makeStore } from "../api/store.ts"

interface Notice {
  readonly id: number
  readonly text: string
}

const shown = makeStore<ReadonlyArray<Notice>>([])
let last = 0

export const notify = (text: string) => {
  last += 1
  const notice = { id: last, text }
  shown.set([...shown.get().slice(-2), notice])
  setTimeout(() => shown.set(shown.get().filter(({ id }) => id !== notice.id)), 6_000)
}

export const Notices = () => (
  <div
    role="status"
    aria-live="polite"
    className="pointer-events-none fixed inset-x-4 bottom-16 z-50 grid justify-items-end gap-2 sm:bottom-4"
  >
    {shown.use().map(({ id, text }) => (
      <p key={id} className="opens rounded-md border border-line bg-raised px-3 py-2 shadow-lg" data-state="open">
        {text}
      </p>
    ))}
  </div>
)
