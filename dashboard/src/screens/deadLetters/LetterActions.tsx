/** What can be done with one dead letter. */
import { useCallback, useState } from "react"
import { useAct } from "../../api/asking.ts"
import type { DeadLetterDetails } from "../../api/wire.ts"
import { ProblemNote } from "../../parts/Answers.tsx"
import { ActionButton } from "../../parts/Button.tsx"
import { notify } from "../../parts/notices.tsx"
import { ReasonDialog } from "./ReasonDialog.tsx"
import { useRequeueKey } from "./requeueKey.ts"

/** Why a payload cannot be edited; undefined if it can. */
const uneditable = ({ payload, visibility }: DeadLetterDetails) => {
  if (visibility !== "full")
    return "You do not see all of this payload, so you cannot edit it: what is hidden would be lost."
  return payload === null ? "This payload is too large to be edited here." : undefined
}

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
  useRequeueKey(isEditing ? undefined : open)
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
        disabledBecause={uneditable(letter)}
        aria-pressed={isEditing}
        onClick={onEdit}
      >
        {isEditing ? "Leave the payload as it is" : "Edit payload"}
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
