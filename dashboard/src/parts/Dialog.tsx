/** A question before something is done: in the middle, or from below where there is little room. */

import { X } from "lucide-react"
import { Dialog as Radix } from "radix-ui"
import type { ReactNode } from "react"
import { Button } from "./Button.tsx"
import { useReturnedFocus } from "./returnedFocus.ts"

/** The input that is meant to be filled in first, where one says so with `data-first`: not the button that closes. */
const focusFirst = (event: Event) => {
  const first = (event.currentTarget as HTMLElement | null)?.querySelector<HTMLElement>("[data-first]")
  if (first == null) return
  event.preventDefault()
  first.focus()
}

export const Dialog = ({
  children,
  description,
  isOpen,
  onClose,
  title
}: {
  readonly title: string
  readonly description?: ReactNode
  readonly isOpen: boolean
  readonly onClose: () => void
  readonly children: ReactNode
}) => {
  const focus = useReturnedFocus()
  return (
    <Radix.Root open={isOpen} onOpenChange={(open) => (open ? undefined : onClose())}>
      <Radix.Portal>
        <Radix.Overlay className="opens fixed inset-0 z-40 bg-[#00000066]" />
        <Radix.Content
          {...focus}
          onOpenAutoFocus={(event) => {
            focus.onOpenAutoFocus()
            focusFirst(event)
          }}
          className="opens fixed inset-x-0 bottom-0 z-40 max-h-[90dvh] overflow-y-auto rounded-t-lg border border-line bg-raised p-4 shadow-2xl sm:inset-x-auto sm:top-1/2 sm:bottom-auto sm:left-1/2 sm:w-[480px] sm:-translate-x-1/2 sm:-translate-y-1/2 sm:rounded-lg"
          {...(description === undefined ? { "aria-describedby": undefined } : {})}
        >
          <div className="mb-2 flex items-start justify-between gap-4">
            <Radix.Title className="text-lg font-semibold">{title}</Radix.Title>
            <Radix.Close asChild>
              <Button look="quiet" isIcon aria-label="Close">
                <X size={16} aria-hidden="true" />
              </Button>
            </Radix.Close>
          </div>
          {description === undefined ? null : (
            <Radix.Description className="mb-3 text-muted">{description}</Radix.Description>
          )}
          {children}
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  )
}

/** The last line of a dialog. */
export const DialogActions = ({ children }: { readonly children: ReactNode }) => (
  <div className="mt-4 flex flex-wrap justify-end gap-2">{children}</div>
)
