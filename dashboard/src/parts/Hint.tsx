/** A sentence that appears beside what it is about, on hover and on focus. */
import { Tooltip } from "radix-ui"
import type { ReactElement, ReactNode } from "react"

export const Hint = ({ children, text }: { readonly text: ReactNode; readonly children: ReactElement }) => (
  <Tooltip.Root>
    <Tooltip.Trigger asChild>{children}</Tooltip.Trigger>
    <Tooltip.Portal>
      <Tooltip.Content
        sideOffset={4}
        collisionPadding={8}
        className="opens z-50 max-w-80 rounded-md border border-line bg-raised px-2 py-1 text-sm text-text shadow-lg"
      >
        {text}
      </Tooltip.Content>
    </Tooltip.Portal>
  </Tooltip.Root>
)
