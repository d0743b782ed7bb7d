/** Ends an operation before its end. */
import { type FormEvent, useState } from "react"
import { useAct } from "../../api/asking.ts"
import type { Operation } from "../../api/wire.ts"
import { ProblemNote } from "../../parts/Answers.tsx"
import { Button } from "../../parts/Button.tsx"
import { Dialog, DialogActions } from "../../parts/Dialog.tsx"
import { Field } from "../../parts/Field.tsx"
import { exact } from "../../words/numbers.ts"
import { isUnderWay, leftOf, sentenceOf } from "./words.ts"

export const StopDialog = ({
  isOpen,
  onClose,
  operation
}: {
  readonly operation: Operation
  readonly isOpen: boolean
  readonly onClose: () => void
}) => {
  const [reason, setReason] = useState("")
  const stop = useAct("POST", "/operations/:id/stop")
  const submit = (event: FormEvent) => {
    event.preventDefault()
    stop.mutate(
      { params: { id: operation.id }, payload: reason.trim() === "" ? {} : { reason: reason.trim() } },
      { onSuccess: onClose }
    )
  }
  if (!isUnderWay(operation)) {
    return (
      <Dialog
        title="It has ended meanwhile"
        isOpen={isOpen}
        onClose={onClose}
        description={`There is nothing left to stop. ${sentenceOf(operation)}`}
      >
        <DialogActions>
          <Button onClick={onClose}>Close</Button>
        </DialogActions>
      </Dialog>
    )
  }
  return (
    <Dialog
      title="Stop this operation?"
      isOpen={isOpen}
      onClose={onClose}
      description={`What was ${operation.kind === "requeue" ? "requeued" : "discarded"} stays so. ${exact(leftOf(operation))} are left as they are. It cannot go on afterwards; another one can be begun.`}
    >
      <form onSubmit={submit} className="grid gap-3">
        <Field
          label="Reason"
          data-first
          help="For the audit. It may be left out."
          value={reason}
          maxLength={1023}
          onChange={(event) => setReason(event.target.value)}
        />
        {stop.error === null ? null : <ProblemNote problem={stop.error} />}
        <DialogActions>
          <Button onClick={onClose}>Let it go on</Button>
          <Button type="submit" look="danger" disabled={stop.isPending}>
            Stop
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  )
}
