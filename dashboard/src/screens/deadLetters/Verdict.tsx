/** Whether an edited payload would do. */
import type { PayloadVerdict } from "../../api/wire.ts"
import { exact } from "../../words/numbers.ts"

export interface Judged {
  readonly text: string
  readonly verdict: PayloadVerdict
}

const wordsOf = (text: string, judged: Judged | undefined): readonly [shape: string, look: string, words: string] => {
  if (judged?.text !== text) return ["◌", "text-muted", "Checking"]
  const { isJudged, isValid, problems } = judged.verdict
  if (!isValid) {
    const count = problems.length
    return ["■", "text-gave-up", `${exact(count)} ${count === 1 ? "problem" : "problems"}`]
  }
  return isJudged
    ? ["✓", "text-running", "Its handler can read it"]
    : ["○", "text-retrying", "It can be stored; no process here has its handler to judge more"]
}

export const Verdict = ({ judged, text }: { readonly text: string; readonly judged: Judged | undefined }) => {
  const [shape, look, words] = wordsOf(text, judged)
  return (
    <p role="status" className={`inline-flex items-center gap-1.5 ${look}`}>
      <span aria-hidden="true" className="w-3 text-center text-[10px]">
        {shape}
      </span>
      {words}
    </p>
  )
}

/** Problems that are told in words; the others are only counted. */
const most = 8

const placeOf = (line: number | null, column: number | null) =>
  line === null ? "" : `Line ${line}${column === null ? "" : `, column ${column}`}: `

/** What is wrong, in the order of the text. */
export const Problems = ({ judged }: { readonly judged: Judged | undefined }) => {
  const problems = judged?.verdict.problems ?? []
  return problems.length === 0 ? null : (
    <ul className="grid gap-0.5 text-sm text-gave-up" aria-label="What is wrong">
      {problems.slice(0, most).map(({ column, line, message, path }) => (
        <li key={`${line} ${column} ${path} ${message}`} className="[overflow-wrap:anywhere]">
          {placeOf(line, column)}
          {path === "" ? message : `${path}: ${message}`}
        </li>
      ))}
      {problems.length > most ? <li>and {exact(problems.length - most)} others</li> : null}
    </ul>
  )
}
