/** What is not as it should be: why, and what to do about it. */
import { Link } from "wouter"
import { CopyButton } from "../../parts/Copy.tsx"
import { Sentence } from "../../parts/Sentence.tsx"
import type { Finding, FoundKind, Severity } from "./diagnosis.ts"
import { leadOf } from "./diagnosis.ts"

const looks: Readonly<Record<Severity, readonly [shape: string, word: string, text: string, edge: string]>> = {
  error: ["■", "Error", "text-gave-up", "border-l-gave-up"],
  warning: ["▲", "Warning", "text-retrying", "border-l-retrying"],
  notice: ["○", "Notice", "text-muted", "border-l-edge"]
}

export const SeverityMark = ({ severity }: { readonly severity: Severity }) => {
  const [shape, word, text] = looks[severity]
  return (
    <span className={`inline-flex items-center gap-1.5 text-sm whitespace-nowrap ${text}`}>
      <span aria-hidden="true" className="inline-block w-3 text-center text-[10px] leading-none">
        {shape}
      </span>
      {word}
    </span>
  )
}

/** A command, to be copied into a terminal. */
const Command = ({ command }: { readonly command: string }) => (
  <div className="flex max-w-full min-w-0 items-center rounded border border-line bg-surface pl-2">
    <code className="min-w-0 flex-1 py-1.5 break-words whitespace-pre-wrap">{command}</code>
    <CopyButton text={command} label={`Copy the command ${command}`} />
  </div>
)

const One = ({ finding }: { readonly finding: Finding }) => {
  const lead = leadOf(finding)
  return (
    <li className="grid gap-x-4 gap-y-1 border-t border-line/60 py-2 first:border-0 lg:grid-cols-[minmax(0,1fr)_minmax(0,1fr)] lg:items-start">
      <div className="min-w-0">
        <p className="break-words">
          <Sentence text={finding.detail} />
        </p>
        {lead === undefined ? null : (
          <Link href={lead.href} className="inline-flex min-h-8 items-center text-accent hover:underline">
            {lead.label}
          </Link>
        )}
      </div>
      {finding.command === null ? null : <Command command={finding.command} />}
    </li>
  )
}

const Kind = ({ kind: { all, first } }: { readonly kind: FoundKind }) => (
  <article className={`rounded-md border border-l-2 border-line bg-panel px-4 py-3 ${looks[first.severity][3]}`}>
    <header className="flex flex-wrap items-baseline gap-x-3">
      <SeverityMark severity={first.severity} />
      <h2 className="min-w-0 flex-1 break-words">{first.title}</h2>
      {all.length > 1 ? <span className="text-sm text-muted">{all.length} of them</span> : null}
    </header>
    <dl className="mt-2 grid grid-cols-[max-content_minmax(0,1fr)] gap-x-3 gap-y-0.5 text-muted">
      <dt className="text-faint">Cause</dt>
      <dd>{first.cause}</dd>
      <dt className="text-faint">What to do</dt>
      <dd className="text-text">{first.mend}</dd>
    </dl>
    <ul className="mt-2 border-t border-line">
      {all.map((finding) => (
        <One key={`${finding.subject} ${finding.detail}`} finding={finding} />
      ))}
    </ul>
  </article>
)

export const Findings = ({ kinds }: { readonly kinds: ReadonlyArray<FoundKind> }) => (
  <div className="grid gap-3">
    {kinds.map((kind) => (
      <Kind key={kind.first.id} kind={kind} />
    ))}
  </div>
)
