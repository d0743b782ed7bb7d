/** Ends a consumer's subscriptions: what is open is listed first, and only then skipped. */
import { useState } from "react"
import { Link, useLocation } from "wouter"
import { useAct } from "../../api/asking.ts"
import type { Consumer } from "../../api/wire.ts"
import { ProblemNote } from "../../parts/Answers.tsx"
import { Button } from "../../parts/Button.tsx"
import { Dialog, DialogActions } from "../../parts/Dialog.tsx"
import { Field } from "../../parts/Field.tsx"
import { notify } from "../../parts/notices.tsx"
import { counted, openOf } from "../../words/condition.ts"
import { shortId } from "../../words/entities.ts"
import { exact } from "../../words/numbers.ts"

/** So many are listed by the server. */
const mostListed = 1_000

/** So many are shown of them. */
const shown = 20

type Open = ReadonlyArray<{ readonly deliveryId: string; readonly eventId: string; readonly eventName: string }>

const countOf = ({ length }: Open) => (length >= mostListed ? `${exact(mostListed)} or more` : exact(length))

const plural = (count: number, one: string, many = `${one}s`) => `${exact(count)} ${count === 1 ? one : many}`

const OpenList = ({ open }: { readonly open: Open }) => (
  <>
    <p className="mt-3">
      <strong className="font-semibold">Nothing was ended:</strong> {countOf(open)}{" "}
      {open.length === 1 ? "delivery is" : "deliveries are"} open. Whoever goes on skips{" "}
      {open.length === 1 ? "it" : "them"}: no handler will get {open.length === 1 ? "it" : "them"}.
    </p>
    <ul className="mt-2 max-h-48 overflow-y-auto rounded-md border border-line">
      {open.slice(0, shown).map(({ deliveryId, eventId, eventName }) => (
        <li key={deliveryId} className="border-b border-line last:border-0">
          <Link href={`/events/${eventId}`} className="flex h-8 items-center justify-between gap-3 px-2 hover:bg-hover">
            <span className="truncate">{eventName}</span>
            <code className="text-muted">{shortId(eventId)}</code>
          </Link>
        </li>
      ))}
      {open.length > shown ? (
        <li className="px-2 py-1.5 text-muted">
          and {exact(open.length - shown)}
          {open.length >= mostListed ? " or more" : ""} others
        </li>
      ) : null}
    </ul>
  </>
)

const RetireForm = ({ consumer, onClose }: { readonly consumer: Consumer; readonly onClose: () => void }) => {
  const [, navigate] = useLocation()
  const [typed, setTyped] = useState("")
  const [reason, setReason] = useState("")
  const [isForced, setForced] = useState(false)
  const retire = useAct("POST", "/consumers/:consumer/retire")
  const { consumer: name, depth, servedBy } = consumer
  const [open, setOpen] = useState<Open>()
  const expected = openOf(depth)
  const missing =
    typed !== name
      ? "Type the consumer's name first."
      : servedBy.length > 0 && !isForced
        ? "A process serves it: end that first, or say that it is to be retired all the same."
        : undefined
  const submit = () =>
    retire.mutate(
      {
        params: { consumer: name },
        payload: {
          open: open === undefined ? "list" : "skip",
          ...(isForced ? { force: true } : {}),
          ...(reason.trim() === "" ? {} : { reason: reason.trim() })
        }
      },
      {
        onSuccess: ({ isRetired, open: listed, skipped, subscriptions }) => {
          if (!isRetired) {
            setOpen(listed)
            return
          }
          notify(
            `${name} is retired: ${plural(subscriptions, "subscription")} ended, ${plural(skipped, "delivery", "deliveries")} skipped.`
          )
          onClose()
          navigate("/consumers")
        }
      }
    )
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault()
        // What is open is skipped by its own button: a key that was pressed for the list is not to do it unseen.
        if (missing === undefined && open === undefined) submit()
      }}
    >
      <div className="grid gap-3">
        {expected > 0 && open === undefined ? (
          <p>
            {expected === 1 ? "1 delivery is open" : `${counted(expected)} deliveries are open`}. What is open when you
            press the button is listed first, and nothing ends before you have seen it.
          </p>
        ) : null}
        <Field
          label={`Type ${name}`}
          autoFocus
          autoComplete="off"
          spellCheck={false}
          value={typed}
          onChange={(event) => setTyped(event.target.value)}
        />
        <Field
          label="Reason"
          help="Others see it in the audit."
          maxLength={1023}
          autoComplete="off"
          value={reason}
          onChange={(event) => setReason(event.target.value)}
        />
        {servedBy.length === 0 ? null : (
          <label className="flex min-h-8 items-start gap-2">
            <input
              type="checkbox"
              className="mt-1"
              checked={isForced}
              onChange={(event) => setForced(event.target.checked)}
            />
            <span>
              Although {servedBy.length === 1 ? "a process serves" : `${exact(servedBy.length)} processes serve`} it. It
              is subscribed again when such a process starts.
            </span>
          </label>
        )}
      </div>
      {open === undefined ? null : <OpenList open={open} />}
      {retire.error === null ? null : <ProblemNote problem={retire.error} />}
      <DialogActions>
        <Button onClick={onClose}>Cancel</Button>
        {open === undefined ? (
          <Button key="list" type="submit" look="danger" disabled={retire.isPending} disabledBecause={missing}>
            Retire {name}
          </Button>
        ) : (
          <Button key="skip" look="danger" disabled={retire.isPending} disabledBecause={missing} onClick={submit}>
            Skip {countOf(open)} and retire
          </Button>
        )}
      </DialogActions>
    </form>
  )
}

export const RetireDialog = ({
  consumer,
  isOpen,
  onClose
}: {
  readonly consumer: Consumer
  readonly isOpen: boolean
  readonly onClose: () => void
}) => {
  const { subscriptions } = consumer
  const count = subscriptions.length === 1 ? "Its subscription ends" : `Its ${subscriptions.length} subscriptions end`
  return (
    <Dialog
      title={`Retire ${consumer.consumer}`}
      description={`${count}: no event that is published from then on is delivered to it. This cannot be undone.`}
      isOpen={isOpen}
      onClose={onClose}
    >
      <RetireForm consumer={consumer} onClose={onClose} />
    </Dialog>
  )
}
