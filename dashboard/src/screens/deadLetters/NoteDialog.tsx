/** A note on an error. */
import { type FormEvent, type ReactNode, useId, useState } from "react"
import { Button } from "../../parts/Button.tsx"
import { Dialog, DialogActions } from "../../parts/Dialog.tsx"

export const NoteDialog = ({
  isBusy,
  isOpen,
  note,
  onClose,
  onSave,
  problem
}: {
  readonly note: string | null
  readonly isOpen: boolean
  readonly isBusy: boolean
  readonly problem: ReactNode
  readonly onClose: () => void
  readonly onSave: (note: string | null) => void
}) => {
  const id = useId()
  const [text, setText] = useState(note ?? "")
  const submit = (event: FormEvent) => {
    event.preventDefault()
    onSave(text.trim() === "" ? null : text.trim())
  }
  return (
    <Dialog
      title="Note on this error"
      description="For whoever sees it next: the cause, a ticket, what was tried."
      isOpen={isOpen}
      onClose={onClose}
    >
      <form onSubmit={submit}>
        <label htmlFor={id} className="sr-only">
          Note
        </label>
        <textarea
          id={id}
          rows={4}
          maxLength={1023}
          value={text}
          onChange={(event) => setText(event.target.value)}
          className="w-full rounded-md border border-edge bg-panel px-2 py-1.5"
        />
        {problem}
        <DialogActions>
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" look="primary" disabled={isBusy}>
            Save
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  )
}
