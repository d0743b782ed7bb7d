/** Looks at the database, the processes and the consumers when it is asked to, and says what to do about what it finds. */
import { Stethoscope } from "lucide-react"
import { useAsk } from "../../api/asking.ts"
import type { Diagnosis } from "../../api/wire.ts"
import { Answered, Skeleton, SkeletonRows } from "../../parts/Answers.tsx"
import { Button } from "../../parts/Button.tsx"
import { Panel, ScreenTitle } from "../../parts/Panel.tsx"
import { Clock } from "../../parts/Time.tsx"
import { Checks } from "./Checks.tsx"
import { kindsOf, summaryOf } from "./diagnosis.ts"
import { Findings } from "./Findings.tsx"

const Found = ({ diagnosis }: { readonly diagnosis: Diagnosis }) => (
  <div className="grid gap-4">
    <p role="status" className="text-lg">
      {summaryOf(diagnosis)}{" "}
      <span className="text-base text-muted">
        Looked at <Clock at={diagnosis.at} />.
      </span>
    </p>
    {diagnosis.findings.length === 0 ? null : <Findings kinds={kindsOf(diagnosis.findings)} />}
    <Panel title="Checks">
      <Checks checks={diagnosis.checks} />
    </Panel>
  </div>
)

const Waiting = () => (
  <div className="grid gap-4">
    <Skeleton className="h-6 w-80 max-w-full" />
    <Skeleton className="h-36 w-full" />
    <SkeletonRows count={12} />
  </div>
)

const Doctor = () => {
  const query = useAsk("/doctor", {}, { every: false })
  return (
    <>
      <ScreenTitle
        title="Doctor"
        actions={
          <Button onClick={() => void query.refetch()} disabled={query.isFetching}>
            <Stethoscope size={14} aria-hidden="true" /> {query.isFetching ? "Looking" : "Run again"}
          </Button>
        }
      >
        Looks at the database, the processes and the consumers, each time it is asked to. It changes nothing.
      </ScreenTitle>
      <Answered query={query} skeleton={<Waiting />}>
        {(diagnosis) => <Found diagnosis={diagnosis} />}
      </Answered>
    </>
  )
}

export default Doctor
