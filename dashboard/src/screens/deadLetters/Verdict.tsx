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
