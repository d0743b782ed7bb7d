/** Asked before many dead letters are requeued or discarded: how many, how carefully, why. Becomes an operation. */
import { useQuery } from "@tanstack/react-query"
import { type FormEvent, useState } from "react"
import { useAct } from "../../api/asking.ts"
import { type Problem, request } from "../../api/request.ts"
import type { Operation, OperationPreview } from "../../api/wire.ts"
import { ProblemNote, Skeleton } from "../../parts/Answers.tsx"
import { Button } from "../../parts/Button.tsx"
import { Dialog, DialogActions } from "../../parts/Dialog.tsx"
import { Field } from "../../parts/Field.tsx"
import { notify } from "../../parts/notices.tsx"
import { exact } from "../../words/numbers.ts"
import { type Filter, filterWords } from "../operations/words.ts"
import { type Canary, CanaryChoice } from "./CanaryChoice.tsx"
import { PreviewNote } from "./PreviewNote.tsx"
import { paceHelp, paceOf } from "./pace.ts"

export interface Work {
  readonly kind: "requeue" | "discard"
  readonly filter: Filter
  /** What they failed with, where all failed with one error. */
  readonly title?: string
}

/** From so many on, a few are tried first unless somebody wants it otherwise. */
const canaryFrom = 20

/** Asked once: what was seen is what is done, whatever the page asks for anew below. */
const usePreview = ({ filter, kind }: Work) =>
  useQuery<OperationPreview, Problem>({
    queryKey: ["preview", kind, filter],
    queryFn: ({ signal }) => request("POST", "/operations/preview", { payload: { kind, filter } }, signal),
    staleTime: ({ state }) => (state.data === undefined ? 0 : "static"),
    gcTime: 0
  })

const WorkForm = ({
  onClose,
  onStarted,
  work
}: {
  readonly work: Work
  readonly onClose: () => void
  readonly onStarted: (operation: Operation) => void
}) => {
  const { data: preview, error, refetch } = usePreview(work)
  const [chosen, setCanary] = useState<Canary>()
  const [pace, setPace] = useState("")
  const [reason, setReason] = useState("")
  const [typed, setTyped] = useState("")
  const start = useAct("POST", "/operations")
  const isDiscard = work.kind === "discard"
  const count = preview?.count ?? 0
  const canary = chosen ?? (count > canaryFrom ? 5 : 0)
  const perSecond = paceOf(pace)
  const countText = `${preview?.isExact === false ? "at least " : ""}${exact(count)}`
  const isConfirmed = !isDiscard || typed.replace(/\D/g, "") === String(count)
  const isReady = preview !== undefined && count > 0 && perSecond !== "wrong" && isConfirmed
  const submit = (event: FormEvent) => {
    event.preventDefault()
    if (!isReady || start.isPending) return
    const payload = {
      kind: work.kind,
      filter: work.filter,
      cutOff: preview.cutOff,
      ...(isDiscard || canary === 0 ? {} : { canary }),
      ...(typeof perSecond === "number" ? { pace: perSecond } : {}),
      ...(reason.trim() === "" ? {} : { reason: reason.trim() })
    }
    start.mutate(
      { payload },
      {
        onSuccess: (operation) => {
          notify(`The ${work.kind} of ${exact(operation.total)} has begun.`)
          onStarted(operation)
        }
      }
    )
  }
  return (
    <form onSubmit={submit} className="grid gap-4">
      {error === null ? null : <ProblemNote problem={error} onRetry={() => void refetch()} />}
      {preview === undefined ? (
        error === null ? (
          <Skeleton className="h-14 w-full" />
        ) : null
      ) : (
        <PreviewNote preview={preview} isDiscard={isDiscard} />
      )}
      {isDiscard ? (
        <Field
          label={preview === undefined ? "Type how many to confirm" : `Type ${exact(count)} to confirm`}
          help="What is discarded is never delivered. It cannot be taken back; the audit keeps its last error."
          data-first
          inputMode="numeric"
          autoComplete="off"
          value={typed}
          onChange={(event) => setTyped(event.target.value)}
        />
      ) : (
        <CanaryChoice value={canary} count={count} onChange={setCanary} />
      )}
      <div className="grid gap-4 sm:grid-cols-[144px_1fr]">
        <Field
          label="Per second"
          placeholder="no limit"
          inputMode="decimal"
          value={pace}
          onChange={(event) => setPace(event.target.value)}
          help={paceHelp(perSecond, count)}
          error={perSecond === "wrong" ? "A number, as 20 or 0.5." : undefined}
        />
        <Field
          label="Reason"
          data-first={isDiscard ? undefined : true}
          placeholder={isDiscard ? "duplicates of the import of Tuesday" : "the provider is back"}
          help="For the audit. It may be left out."
          maxLength={1023}
          value={reason}
          onChange={(event) => setReason(event.target.value)}
        />
      </div>
      {start.error === null ? null : <ProblemNote problem={start.error} />}
      <DialogActions>
        <Button onClick={onClose}>Cancel</Button>
        <Button type="submit" look={isDiscard ? "danger" : "primary"} disabled={!isReady || start.isPending}>
          {isDiscard ? "Discard" : "Requeue"} {preview === undefined ? "…" : countText}
        </Button>
      </DialogActions>
    </form>
  )
}

/** Open while there is work to be asked about. */
export const WorkDialog = ({
  onClose,
  onStarted,
  work
}: {
  readonly work: Work | undefined
  readonly onClose: () => void
  readonly onStarted: (operation: Operation) => void
}) => (
  <Dialog
    title={work?.kind === "discard" ? "Discard dead letters" : "Requeue dead letters"}
    isOpen={work !== undefined}
    onClose={onClose}
    description={work === undefined ? undefined : sentence(filterWords(work.filter, () => work.title))}
  >
    {work === undefined ? null : <WorkForm work={work} onClose={onClose} onStarted={onStarted} />}
  </Dialog>
)

const sentence = (text: string) => `${text.slice(0, 1).toUpperCase()}${text.slice(1)}.`
