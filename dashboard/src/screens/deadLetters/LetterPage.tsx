/** One dead letter: why it gave up, what it was given, and how it is repaired. */
import { ArrowLeft } from "lucide-react"
import { useState } from "react"
import { Link } from "wouter"
import type { DeadLetterDetails } from "../../api/wire.ts"
import { Answered, Empty, SkeletonRows } from "../../parts/Answers.tsx"
import { Id } from "../../parts/Copy.tsx"
import { Facts, Panel } from "../../parts/Panel.tsx"
import { useParam } from "../../parts/params.ts"
import { StateMark } from "../../parts/StateMark.tsx"
import { Ago } from "../../parts/Time.tsx"
import { entityText } from "../../words/entities.ts"
import { exact } from "../../words/numbers.ts"
import { quoted } from "../events/language.ts"
import { Attempts, successOf } from "./Attempts.tsx"
import { EditPayload } from "./EditPayload.tsx"
import { useUneditable } from "./editable.ts"
import { LetterActions } from "./LetterActions.tsx"
import { LetterNow, useDelivery } from "./LetterNow.tsx"
import { useFilteredHref } from "./links.ts"
import { PayloadShown } from "./PayloadShown.tsx"
import { Stack } from "./Stack.tsx"
import { useLetter } from "./useLetter.ts"

const linkLook = "text-accent hover:underline"

const facts = (letter: DeadLetterDetails) =>
  [
    [
      "Consumer",
      <Link key="consumer" href={`/consumers/${encodeURIComponent(letter.consumer)}`} className={linkLook}>
        {letter.consumer}
      </Link>
    ],
    [
      "Event",
      <Link key="event" href={`/events/${letter.eventId}`} className={linkLook}>
        {letter.eventName}, version {letter.schemaVersion}
      </Link>
    ],
    [
      "Aggregate",
      <Link
        key="aggregate"
        href={`/links?entity=${encodeURIComponent(entityText(letter.aggregate))}`}
        className={linkLook}
      >
        {entityText(letter.aggregate)}
      </Link>
    ],
    ["Gave up", <Ago key="gaveUp" at={letter.gaveUpAt} />],
    ["Attempts", exact(letter.attemptCount)],
    ["Received", <Ago key="created" at={letter.createdAt} />],
    ...(letter.correlationId === null
      ? []
      : [
          [
            "Correlation",
            <Link
              key="correlation"
              href={`/events?q=${encodeURIComponent(`correlation:${quoted(letter.correlationId)}`)}`}
              className={linkLook}
            >
              {letter.correlationId}
            </Link>
          ] as const
        ]),
    ...(letter.causationId === null
      ? []
      : [
          [
            "Caused by",
            <Link key="cause" href={`/events/${letter.causationId}`} className={`${linkLook} break-all`}>
              {letter.causationId}
            </Link>
          ] as const
        ]),
    ["Delivery", <Id key="delivery" id={letter.deliveryId} />]
  ] as const

const Details = ({ isGone, letter }: { readonly letter: DeadLetterDetails; readonly isGone: boolean }) => {
  const [edit, setEdit] = useParam("edit")
  const uneditable = useUneditable(letter)
  const now = useDelivery(isGone ? letter : undefined)
  // What is edited stays as it was, whatever others do to it meanwhile.
  const [begun, setBegun] = useState<DeadLetterDetails>()
  const isEditing = edit !== undefined && uneditable === undefined && (!isGone || begun !== undefined)
  if (isEditing && begun === undefined) setBegun(letter)
  if (!isEditing && begun !== undefined) setBegun(undefined)
  const last = letter.attempts.at(-1)?.error ?? letter.lastError
  return (
    <>
      <header className="mb-3">
        <h1 className="text-xl [overflow-wrap:anywhere]">
          {letter.aggregate.entityType}/{letter.aggregate.entityId}
        </h1>
        <p className="text-muted">
          {letter.eventName} for {letter.consumer}, {isGone ? "had given up" : "gave up"} <Ago at={letter.gaveUpAt} />
        </p>
      </header>
      {isGone ? <LetterNow letter={letter} /> : null}
      {isGone ? null : (
        <div className="mb-3 flex flex-wrap items-center gap-x-4 gap-y-2 border-y border-line py-2">
          <StateMark state="gave-up" word={letter.isUndecodable ? "gave up: it could not be decoded" : "gave up"} />
          <LetterActions letter={letter} isEditing={isEditing} onEdit={() => setEdit("payload")} />
        </div>
      )}
      <div className="grid items-start gap-3 lg:grid-cols-[minmax(0,2fr)_minmax(280px,1fr)]">
        <div className="grid min-w-0 gap-3">
          {last === null ? null : (
            <Panel title="Why it gave up">
              <Stack text={last} />
            </Panel>
          )}
          {isEditing ? (
            <EditPayload
              letter={begun ?? letter}
              now={letter}
              isGone={isGone}
              onTakeUp={() => setBegun(letter)}
              onClose={() => setEdit(undefined)}
            />
          ) : (
            <PayloadShown letter={letter} isGone={isGone} />
          )}
          <Attempts attempts={now?.attempts ?? letter.attempts} success={successOf(now)} />
        </div>
        <Panel title="What it is">
          <Facts facts={facts(letter)} />
        </Panel>
      </div>
    </>
  )
}

/** Known only by its id: it is no dead letter. */
const NoLetter = ({ message }: { readonly message: string }) => (
  <Empty title="This is no dead letter">
    <p>{message}</p>
  </Empty>
)

export const LetterPage = ({ fingerprint, id }: { readonly id: string; readonly fingerprint: string }) => {
  const href = useFilteredHref()
  const query = useLetter(id)
  const back = fingerprint === "-" ? "/dead-letters?view=deliveries" : href(`/dead-letters/${fingerprint}`)
  return (
    <>
      <Link href={back} className="mb-2 inline-flex h-8 items-center gap-1.5 text-muted hover:text-text">
        <ArrowLeft size={14} aria-hidden="true" /> {fingerprint === "-" ? "All dead letters" : "All of this error"}
      </Link>
      {query.error?.status === 404 ? (
        <NoLetter message={query.error.message} />
      ) : (
        <Answered query={query} skeleton={<SkeletonRows count={14} />}>
          {({ isGone, letter }) => <Details letter={letter} isGone={isGone} />}
        </Answered>
      )}
    </>
  )
}
