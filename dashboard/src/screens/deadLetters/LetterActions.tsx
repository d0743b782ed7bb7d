/** What can be done with one dead letter. */
import { useCallback, useState } from "react"
import { useAct } from "../../api/asking.ts"
import { useForbidden } from "../../api/session.ts"
import type { DeadLetterDetails } from "../../api/wire.ts"
import { ProblemNote } from "../../parts/Answers.tsx"
import { ActionButton } from "../../parts/Button.tsx"
import { notify } from "../../parts/notices.tsx"
import { useUneditable } from "./editable.ts"
import { ReasonDialog } from "./ReasonDialog.tsx"
import { useRequeueKey } from "./requeueKey.ts"

export const LetterActions = ({
  isEditing,
  letter,
  onEdit
}: {
  readonly letter: DeadLetterDetails
  readonly isEditing: boolean
  readonly onEdit: () => void
}) => {
  const [asked, setAsked] = useState<"requeue" | "discard">()
  const requeue = useAct("POST", "/dead-letters/:id/requeue")
  const discard = useAct("POST", "/dead-letters/:id/discard")
  const act = asked === "discard" ? discard : requeue
  const open = useCallback(() => setAsked("requeue"), [])
  const uneditable = useUneditable(letter)
  const forbidden = useForbidden("deadLetters.requeue")
  useRequeueKey(isEditing || forbidden !== undefined ? undefined : open)
  const close = () => {
    setAsked(undefined)
    requeue.reset()
    discard.reset()
  }
  return (
    <div className="flex flex-wrap items-center gap-2">
      <ActionButton
        action="deadLetters.requeue"
        look={isEditing ? "plain" : "primary"}
        aria-keyshortcuts="r"
        onClick={open}
      >
        Requeue
      </ActionButton>
      <ActionButton
        action="deadLetters.edit"
        disabledBecause={isEditing ? "It is being edited: Cancel leaves it as it is." : uneditable}
        onClick={onEdit}
      >
        Edit payload
      </ActionButton>
      <ActionButton action="deadLetters.discard" look="danger" onClick={() => setAsked("discard")}>
        Discard
      </ActionButton>
      <ReasonDialog
        key={asked ?? "none"}
        title={asked === "discard" ? "Discard this dead letter?" : "Requeue this dead letter?"}
        description={
          asked === "discard"
            ? `${letter.consumer} will never handle it. It cannot be taken back; the audit keeps its last error.`
            : `${letter.consumer} tries it at once${letter.isEdited ? ", with the payload that was edited" : ""}. If it fails again, it is a dead letter again.`
        }
        verb={asked === "discard" ? "Discard" : "Requeue"}
        isDanger={asked === "discard"}
        isOpen={asked !== undefined}
        isBusy={act.isPending}
        problem={act.error === null ? null : <ProblemNote problem={act.error} />}
        onClose={close}
        onDone={(reason) =>
          act.mutate(
            { params: { id: letter.deliveryId }, payload: reason === "" ? {} : { reason } },
            {
              onSuccess: ({ affected }) => {
                notify(
                  affected === 0
                    ? "Nothing was done: it is no dead letter any more."
                    : asked === "discard"
                      ? "It was discarded."
                      : "It was requeued."
                )
                close()
              }
            }
          )
        }
      />
    </div>
  )
}
