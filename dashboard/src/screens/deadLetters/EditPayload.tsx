/** Another payload for one dead letter, checked by its handler as one types. */

import { useQueryClient } from "@tanstack/react-query"
import { lazy, useCallback, useEffect, useMemo, useRef, useState } from "react"
import { useAct } from "../../api/asking.ts"
import { patiently } from "../../api/loading.ts"
import { Problem, request } from "../../api/request.ts"
import type { DeadLetterDetails, PayloadVerdict } from "../../api/wire.ts"
import { ProblemNote, Skeleton } from "../../parts/Answers.tsx"
import { ActionButton, Button } from "../../parts/Button.tsx"
import { Field } from "../../parts/Field.tsx"
import { Later } from "../../parts/Later.tsx"
import { notify } from "../../parts/notices.tsx"
import { Panel } from "../../parts/Panel.tsx"
import { useFocusBefore } from "../../parts/returnedFocus.ts"
import { layOut } from "../../words/json.ts"
import { OtherFields } from "./OtherFields.tsx"
import { Stale } from "./Stale.tsx"
import { type Judged, Problems, Verdict } from "./Verdict.tsx"

const Editor = lazy(() => patiently(() => import("./Editor.tsx")))

/** Judges texts, and remembers the last one that was judged. */
const useJudge = ({ attemptCount, deliveryId, gaveUpAt }: DeadLetterDetails) => {
  const [judged, setJudged] = useState<Judged>()
  const [problem, setProblem] = useState<Problem>()
  // The editor asks for as long as it is there, whatever was taken up meanwhile.
  const seen = useRef({ attemptCount, gaveUpAt })
  seen.current = { attemptCount, gaveUpAt }
  const judge = useCallback(
    async (text: string): Promise<PayloadVerdict["problems"]> => {
      try {
        const payload = { payload: text, ...seen.current }
        const verdict = await request("POST", "/dead-letters/:id/check", { params: { id: deliveryId }, payload })
        setJudged({ text, verdict })
        setProblem(undefined)
        return verdict.problems
      } catch (error) {
        if (error instanceof Problem) setProblem(error)
        return []
      }
    },
    [deliveryId]
  )
  return { judge, judged, problem }
}

/** The browser asks before the page goes, as by a reload, with what was typed. */
const useUnsent = (isUnsent: boolean) => {
  useEffect(() => {
    if (!isUnsent) return
    const ask = (event: BeforeUnloadEvent) => event.preventDefault()
    addEventListener("beforeunload", ask)
    return () => removeEventListener("beforeunload", ask)
  }, [isUnsent])
}

/** Why it cannot be requeued yet. */
const unready = (text: string, before: string, judged: Judged | undefined, isStale: boolean) => {
  if (isStale) return "It is not as you saw it any more."
  if (text === before) return "Nothing was changed yet."
  if (judged?.text !== text) return "It is being checked."
  return judged.verdict.isValid ? undefined : "The handler could not read it: see the marked lines."
}

const isOther = (one: DeadLetterDetails, other: DeadLetterDetails) =>
  one.attemptCount !== other.attemptCount || one.gaveUpAt !== other.gaveUpAt

export const EditPayload = ({
  isGone,
  letter,
  now,
  onClose,
  onTakeUp
}: {
  /** As it was when it began to be edited. */
  readonly letter: DeadLetterDetails
  /** As it was last. */
  readonly now: DeadLetterDetails
  /** It is no dead letter any more. */
  readonly isGone: boolean
  /** To edit what is there now. */
  readonly onTakeUp: () => void
  readonly onClose: () => void
}) => {
  const before = useMemo(() => layOut(letter.payload ?? ""), [letter.payload])
  const original = useMemo(() => layOut(letter.originalPayload ?? letter.payload ?? ""), [letter])
  const [text, setText] = useState(before)
  const [reason, setReason] = useState("")
  const { judge, judged, problem } = useJudge(letter)
  useUnsent(text !== before)
  const client = useQueryClient()
  const isFocusThere = useFocusBefore()
  const edit = useAct("PATCH", "/dead-letters/:id")
  const save = () =>
    edit.mutate(
      {
        params: { id: letter.deliveryId },
        payload: {
          payload: text,
          attemptCount: letter.attemptCount,
          gaveUpAt: letter.gaveUpAt,
          ...(reason.trim() === "" ? {} : { reason: reason.trim() })
        }
      },
      {
        onError: ({ status }) => {
          if (status === 409 || status === 404) void client.invalidateQueries()
        },
        onSuccess: () => {
          notify(`Requeued with your payload, for ${letter.consumer} only.`)
          onClose()
        }
      }
    )
  const refused = edit.error?.status
  const isStale = isGone || isOther(letter, now) || refused === 409 || refused === 404
  // What is taken up anew is checked anew.
  const last = useRef({ letter, text })
  if (last.current.letter === letter) last.current.text = text
  useEffect(() => {
    if (last.current.letter === letter) return
    last.current.letter = letter
    void judge(last.current.text)
  }, [judge, letter])
  const takeUp = () => {
    edit.reset()
    onTakeUp()
  }
  return (
    <Panel title="Edit payload" actions={<Verdict text={text} judged={judged} />}>
      <p className="py-1">
        Only <strong className="font-semibold">{letter.consumer}</strong> will see this. The event, and what other
        consumers get, stays as it was published.
      </p>
      <div className="my-2 min-h-40 overflow-hidden rounded-md border border-edge focus-within:border-accent">
        <Later fallback={<Skeleton className="h-40 w-full" />}>
          <Editor initial={before} original={original} judge={judge} onChange={setText} takesFocus={isFocusThere} />
        </Later>
      </div>
      <OtherFields letter={letter} text={text} />
      <Problems judged={judged} />
      {problem === undefined || isStale ? null : <ProblemNote problem={problem} />}
      {isStale ? <Stale isGone={isGone} now={now} text={text} onLeave={onClose} onTakeUp={takeUp} /> : null}
      {edit.error === null || isStale ? null : <ProblemNote problem={edit.error} />}
      <div className="mt-3 grid items-start gap-3 pb-2 sm:grid-cols-[minmax(0,1fr)_auto]">
        <Field
          label="Reason"
          help="For the audit. It may be left out."
          maxLength={1023}
          value={reason}
          onChange={(event) => setReason(event.target.value)}
        />
        <div className="flex flex-wrap gap-2 sm:pt-6">
          <Button onClick={onClose}>Cancel</Button>
          <ActionButton
            action="deadLetters.edit"
            look="primary"
            disabledBecause={unready(text, before, judged, isStale)}
            disabled={edit.isPending}
            onClick={save}
          >
            Requeue with this payload
          </ActionButton>
        </div>
      </div>
    </Panel>
  )
}
