/** One error: what it is, what differs, what waits behind it, and how its dead letters are repaired. */
import { ArrowLeft } from "lucide-react"
import { useEffect, useRef } from "react"
import { Link } from "wouter"
import { useAsk } from "../../api/asking.ts"
import type { ErrorGroupDetails } from "../../api/wire.ts"
import { Answered, SkeletonRows } from "../../parts/Answers.tsx"
import { Facts, Panel } from "../../parts/Panel.tsx"
import { useParams } from "../../parts/params.ts"

import { Ago } from "../../parts/Time.tsx"
import { useOperation } from "../operations/OperationProgress.tsx"
import { isActive, isUnderWay } from "../operations/words.ts"
import { Differs } from "./Differs.tsx"
import { GroupFigures } from "./GroupFigures.tsx"
import { GroupKnown } from "./GroupKnown.tsx"
import { GroupLetters } from "./GroupLetters.tsx"
import { counted } from "./groups.ts"
import { HourBars } from "./HourBars.tsx"
import { useFilteredHref } from "./links.ts"
import { Stack } from "./Stack.tsx"
import { Started } from "./Started.tsx"
import { GroupTitle } from "./Title.tsx"
import { WorkBar } from "./WorkBar.tsx"

const facts = (group: ErrorGroupDetails) =>
  [
    [
      "Consumer",
      <Link
        key="consumer"
        href={`/consumers/${encodeURIComponent(group.consumer)}`}
        className="text-accent hover:underline"
      >
        {group.consumer}
      </Link>
    ],
    ["Events", `${group.events.join(", ")} (version ${group.schemaVersions.join(", ")})`],
    ["Tag", <code key="tag">{group.errorTag}</code>],
    ["First seen", <Ago key="first" at={group.firstSeenAt} />],
    ["Last seen", <Ago key="last" at={group.lastSeenAt} />],
    ...(group.versions.length === 0 ? [] : [["Application", group.versions.join(", ")] as const])
  ] as const

/** The operation on this group that the address does not name yet: begun elsewhere, or before a reload. */
const useFound = (fingerprint: string) => {
  const [params, change] = useParams()
  const isNamed = params.has("operation")
  // Once: whoever closes it does not want it back.
  const isTaken = useRef(isNamed)
  const found = useAsk("/operations", { query: { limit: 20 } }, { every: 5_000, enabled: !isNamed }).data?.items.find(
    (operation) => operation.filter.fingerprint === fingerprint && isActive(operation)
  )
  useEffect(() => {
    if (isNamed) isTaken.current = true
    if (isTaken.current || found === undefined) return
    isTaken.current = true
    change({ operation: found.id })
  }, [isNamed, found, change])
  return params.get("operation") ?? undefined
}

const Details = ({ group, isBusy }: { readonly group: ErrorGroupDetails; readonly isBusy: boolean }) => (
  <>
    <header className="mb-3">
      <h1 className="text-xl [overflow-wrap:anywhere]">
        <GroupTitle title={group.title} />
      </h1>
      <p className="text-muted">
        {group.consumer} fails with {group.events.join(", ")}, seen <Ago at={group.firstSeenAt} /> first and{" "}
        <Ago at={group.lastSeenAt} /> last.
      </p>
    </header>
    <GroupFigures group={group} />
    <div className="my-3 flex flex-wrap items-start justify-between gap-x-6 gap-y-2">
      {group.gaveUp === 0 ? (
        <p className="py-1.5 text-muted">No dead letter is left of it.</p>
      ) : (
        <WorkBar
          all={{ fingerprint: group.fingerprint }}
          countText={counted(group.gaveUp)}
          isEmpty={false}
          isLoud
          isBusy={isBusy}
          title={group.title}
        />
      )}
      <GroupKnown group={group} />
    </div>
    <Started />
    <div className="grid items-start gap-3 lg:grid-cols-[minmax(0,2fr)_minmax(280px,1fr)]">
      <div className="grid min-w-0 gap-3">
        <Panel title="What happened last">
          <Stack text={group.sampleDetail ?? group.sample} />
        </Panel>
        <Panel title="What differs">
          <Differs differs={group.differs} title={group.title} />
        </Panel>
      </div>
      <div className="grid min-w-0 gap-3">
        <Panel title="When">
          <HourBars group={group} />
        </Panel>
        <Panel title="Where">
          <Facts facts={facts(group)} />
        </Panel>
      </div>
    </div>
    <GroupLetters group={group} />
  </>
)

export const GroupPage = ({ fingerprint }: { readonly fingerprint: string }) => {
  const href = useFilteredHref()
  const { operation } = useOperation(useFound(fingerprint))
  const isMoving = operation !== undefined && isActive(operation)
  const query = useAsk("/error-groups/:id", { params: { id: fingerprint } }, { every: isMoving ? 1_000 : 5_000 })
  const { refetch } = query
  // What has just ended is not to stand beside figures from before.
  useEffect(() => {
    if (!isMoving) void refetch()
  }, [isMoving, refetch])
  return (
    <>
      <Link
        href={href("/dead-letters")}
        className="mb-2 inline-flex h-8 items-center gap-1.5 text-muted hover:text-text"
      >
        <ArrowLeft size={14} aria-hidden="true" /> All errors
      </Link>
      <Answered query={query} skeleton={<SkeletonRows count={14} />}>
        {(group) =>
          group.fingerprint === fingerprint ? (
            <Details group={group} isBusy={operation !== undefined && isUnderWay(operation)} />
          ) : (
            <SkeletonRows count={14} />
          )
        }
      </Answered>
    </>
  )
}
