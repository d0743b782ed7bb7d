/** Two versions beside each other: what changed, and whether one is read as the other. */
import { Choose } from "../../parts/Field.tsx"
import { useParams } from "../../parts/params.ts"
import { type Change, changesOf, type Judgement, judgeReading, judgeWayBack } from "./difference.ts"
import type { Field } from "./fields.ts"
import type { KnownEvent } from "./known.ts"

const kinds: Readonly<Record<Change["kind"], readonly [sign: string, word: string]>> = {
  added: ["+", "added"],
  removed: ["−", "removed"],
  changed: ["~", "changed"]
}

const saidOf = ({ isRequired, rules, type }: Field) =>
  [type, ...rules, isRequired ? "required" : "optional"].join(" · ")

const ChangeRow = ({ change: { after, before, kind, path } }: { readonly change: Change }) => {
  const [sign, word] = kinds[kind]
  return (
    <li className="grid grid-cols-[16px_minmax(0,1fr)] gap-x-2 border-b border-line/60 py-1.5 last:border-0">
      <code aria-hidden="true" className="text-center text-muted">
        {sign}
      </code>
      <div className="min-w-0">
        <p className="flex flex-wrap items-baseline gap-x-2">
          <code className="font-semibold break-all">{path === "" ? "payload" : path}</code>
          <span className="text-sm text-muted">{word}</span>
        </p>
        {before === undefined ? null : (
          <p className="text-sm break-words text-muted line-through decoration-edge">{saidOf(before)}</p>
        )}
        {after === undefined ? null : <p className="text-sm break-words">{saidOf(after)}</p>}
      </div>
    </li>
  )
}

const verdicts: Readonly<Record<Judgement["verdict"], readonly [shape: string, word: string, text: string]>> = {
  yes: ["●", "yes", "text-running"],
  no: ["■", "no", "text-gave-up"],
  unknown: ["▲", "cannot be told", "text-retrying"]
}

const Judged = ({
  is: { verdict, why },
  question,
  isLoud
}: {
  readonly question: string
  readonly is: Judgement
  /** Whether a no is bad. */
  readonly isLoud: boolean
}) => {
  const [shape, word, text] = verdicts[verdict]
  return (
    <div>
      <dt className="flex flex-wrap items-baseline gap-x-2">
        {question}
        <span className={isLoud || verdict === "yes" ? text : "text-muted"}>
          <span aria-hidden="true" className="text-[10px]">
            {shape}
          </span>{" "}
          {word}
        </span>
      </dt>
      <dd className="text-sm text-muted">{why}</dd>
    </div>
  )
}

export const Compare = ({ event: { versions } }: { readonly event: KnownEvent }) => {
  const [params, change] = useParams()
  const at = (name: string, usual: number) =>
    versions.find(({ version }) => String(version) === params.get(name)) ?? versions.at(usual)!
  const [one, other] = [at("from", -2), at("to", -1)]
  const [before, after] = one.version <= other.version ? [one, other] : [other, one]
  const choices = versions.map(({ version }) => ({ value: String(version), label: `Version ${version}` }))
  const changes = changesOf(before, after)
  return (
    <div className="grid gap-4">
      <div className="flex flex-wrap items-center gap-2">
        <Choose
          label="Earlier version"
          value={String(before.version)}
          choices={choices}
          onChange={(from) => change({ from, to: String(after.version) })}
        />
        <span className="text-muted">and</span>
        <Choose
          label="Later version"
          value={String(after.version)}
          choices={choices}
          onChange={(to) => change({ from: String(before.version), to })}
        />
      </div>
      {before.version === after.version ? (
        <p className="text-muted">Choose two versions to see what changed between them.</p>
      ) : (
        <>
          <dl className="grid gap-2">
            <Judged
              question={`Is what was stored as version ${before.version} read as version ${after.version}?`}
              is={judgeReading(versions, before, after)}
              isLoud
            />
            <Judged
              question={`Can version ${after.version} be given to whoever gets version ${before.version}?`}
              is={judgeWayBack(versions, before, after)}
              isLoud={false}
            />
          </dl>
          <section>
            <h3 className="border-b border-line pb-1">
              {changes.length === 0
                ? "No field changed"
                : changes.length === 1
                  ? "One field changed"
                  : `${changes.length} fields changed`}
            </h3>
            <ul>
              {changes.map((each) => (
                <ChangeRow key={each.path} change={each} />
              ))}
            </ul>
          </section>
          <p className="text-sm text-muted">
            Judged by the registered schemas, and by whether the definition has steps between the versions. What the
            steps do is code, which was not run: <code>npx effect-integration contracts check</code> runs it.
          </p>
        </>
      )}
    </div>
  )
}
