/** Asks once more, and why. */
import { type FormEvent, type ReactNode, useState } from "react"
import { Button } from "../../parts/Button.tsx"
import { Dialog, DialogActions } from "../../parts/Dialog.tsx"
import { Field } from "../../parts/Field.tsx"

export const ReasonDialog = ({
  description,
  isBusy,
  isDanger,
  isOpen,
  onClose,
  onDone,
  problem,
  title,
  verb
}: {
  readonly title: string
  readonly description: string
  readonly verb: string
  readonly isDanger: boolean
  readonly isOpen: boolean
  readonly isBusy: boolean
  readonly problem: ReactNode
  readonly onClose: () => void
  readonly onDone: (reason: string) => void
}) => {
  const [reason, setReason] = useState("")
  const submit = (event: FormEvent) => {
    event.preventDefault()
    onDone(reason.trim())
  }
  return (
    <Dialog title={title} description={description} isOpen={isOpen} onClose={onClose}>
      <form onSubmit={submit} className="grid gap-3">
        <Field
          label="Reason"
          data-first
          help="For the audit. It may be left out."
          maxLength={1023}
          value={reason}
          onChange={(event) => setReason(event.target.value)}
        />
        {problem}
        <DialogActions>
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" look={isDanger ? "danger" : "primary"} disabled={isBusy}>
            {verb}
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  )
}
