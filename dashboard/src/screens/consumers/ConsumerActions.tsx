/** What can be done to a consumer. */
import { Pause, Play, Trash2 } from "lucide-react"
import { useState } from "react"
import { useAct } from "../../api/asking.ts"
import type { Consumer } from "../../api/wire.ts"
import { ProblemNote } from "../../parts/Answers.tsx"
import { ActionButton, Button } from "../../parts/Button.tsx"
import { Dialog, DialogActions } from "../../parts/Dialog.tsx"
import { Field } from "../../parts/Field.tsx"
import { notify } from "../../parts/notices.tsx"
import { isRetired } from "../../words/condition.ts"
import { RetireDialog } from "./RetireDialog.tsx"

const PauseForm = ({ name, onDone }: { readonly name: string; readonly onDone: () => void }) => {
  const [reason, setReason] = useState("")
  const pause = useAct("POST", "/consumers/:consumer/pause")
  const submit = () =>
    pause.mutate(
      { params: { consumer: name }, payload: reason.trim() === "" ? {} : { reason: reason.trim() } },
      {
        onSuccess: () => {
          notify(`${name} is paused.`)
          onDone()
        }
      }
    )
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault()
        submit()
      }}
    >
      <Field
        label="Reason"
        help="Others see it here and in the audit."
        autoFocus
        maxLength={1023}
        autoComplete="off"
        value={reason}
        onChange={(event) => setReason(event.target.value)}
      />
      {pause.error === null ? null : <ProblemNote problem={pause.error} />}
      <DialogActions>
        <Button onClick={onDone}>Cancel</Button>
        <Button type="submit" look="primary" disabled={pause.isPending}>
          Pause {name}
        </Button>
      </DialogActions>
    </form>
  )
}

export const ConsumerActions = ({ consumer }: { readonly consumer: Consumer }) => {
  const [open, setOpen] = useState<"pause" | "retire" | undefined>()
  const close = () => setOpen(undefined)
  const { consumer: name, pausedAt } = consumer
  // Of the whole, as its button is gone before the answer of the consumer's new state.
  const resume = useAct("POST", "/consumers/:consumer/resume")
  return (
    <div className="flex flex-wrap items-center gap-2">
      {pausedAt === null ? (
        <ActionButton
          action="consumers.pause"
          disabledBecause={isRetired(consumer) ? "It is retired: nothing is delivered to it." : undefined}
          onClick={() => setOpen("pause")}
        >
          <Pause size={14} aria-hidden="true" /> Pause
        </ActionButton>
      ) : (
        <ActionButton
          action="consumers.resume"
          look="primary"
          disabled={resume.isPending}
          onClick={() =>
            resume.mutate({ params: { consumer: name }, payload: {} }, { onSuccess: () => notify(`${name} goes on.`) })
          }
        >
          <Play size={14} aria-hidden="true" /> Resume
        </ActionButton>
      )}
      <ActionButton action="consumers.retire" look="danger" onClick={() => setOpen("retire")}>
        <Trash2 size={14} aria-hidden="true" /> Retire
      </ActionButton>
      {resume.error === null ? null : <ProblemNote problem={resume.error} />}
      <Dialog
        title={`Pause ${name}`}
        description="It is paused in all processes, also after they start anew, until somebody resumes it. What handlers have in hand comes to its end; what comes for it waits, and nothing is lost."
        isOpen={open === "pause"}
        onClose={close}
      >
        <PauseForm name={name} onDone={close} />
      </Dialog>
      <RetireDialog consumer={consumer} isOpen={open === "retire"} onClose={close} />
    </div>
  )
}
