/** A detail beside its list: from the right, or a page of its own where there is little room. The list stays in use. */
import { ArrowLeft, X } from "lucide-react"
import { Dialog as Radix } from "radix-ui"
import { type ReactNode, useRef } from "react"
import { signIn } from "../api/session.ts"
import { Button } from "./Button.tsx"
import { useReturnedFocus } from "./returnedFocus.ts"

/** What opens takes the focus: it waits while somebody signs in, who types meanwhile. What was open by then stays. */
const useOpened = (isOpen: boolean) => {
  const isAsked = signIn.use()
  const wasOpen = useRef(false)
  wasOpen.current = isOpen && (wasOpen.current || !isAsked)
  return wasOpen.current
}

export const Drawer = ({
  actions,
  children,
  isOpen,
  onClose,
  subtitle,
  title
}: {
  readonly title: ReactNode
  readonly subtitle?: ReactNode
  /** Beside the way out. */
  readonly actions?: ReactNode
  readonly isOpen: boolean
  readonly onClose: () => void
  readonly children: ReactNode
}) => {
  const focus = useReturnedFocus()
  const isOpened = useOpened(isOpen)
  return (
    <Radix.Root open={isOpened} modal={false} onOpenChange={(open) => (open ? undefined : onClose())}>
      <Radix.Portal>
        <Radix.Content
          {...focus}
          aria-describedby={undefined}
          // Focus stays where it was asked for, so that the list can be gone through.
          onInteractOutside={(event) => event.preventDefault()}
          className="opens-right fixed inset-0 z-30 flex flex-col overflow-hidden border-line bg-panel md:top-12 md:left-auto md:w-[640px] md:border-l md:shadow-2xl"
        >
          <div className="flex items-start gap-2 border-b border-line px-4 py-2">
            <Radix.Close asChild>
              <Button look="quiet" isIcon aria-label="Back" className="md:hidden">
                <ArrowLeft size={16} aria-hidden="true" />
              </Button>
            </Radix.Close>
            <div className="min-w-0 flex-1 py-0.5">
              <Radix.Title className="text-lg font-semibold break-words">{title}</Radix.Title>
              {subtitle === undefined ? null : <div className="min-w-0 text-muted">{subtitle}</div>}
            </div>
            {actions}
            <Radix.Close asChild>
              <Button look="quiet" isIcon aria-label="Close" className="max-md:hidden">
                <X size={16} aria-hidden="true" />
              </Button>
            </Radix.Close>
          </div>
          <div className="min-h-0 flex-1 overflow-y-auto overscroll-contain px-4 py-3">{children}</div>
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  )
}
