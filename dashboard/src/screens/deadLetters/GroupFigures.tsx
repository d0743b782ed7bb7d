/** How bad it is, in four figures. */
import type { ErrorGroupDetails } from "../../api/wire.ts"
import { exact } from "../../words/numbers.ts"
import { counted } from "./groups.ts"

export const GroupFigures = ({ group }: { readonly group: ErrorGroupDetails }) => {
  const figures = [
    {
      word: "gave up",
      text: counted(group.gaveUp),
      shape: "■",
      look: group.gaveUp > 0 ? "text-gave-up" : "text-faint"
    },
    {
      word: "still retrying",
      text: counted(group.retrying),
      shape: "△",
      look: group.retrying > 0 ? "text-retrying" : "text-faint"
    },
    {
      word: "parked behind",
      text: counted(group.behind),
      shape: "◆",
      look: group.behind > 0 ? "text-parked" : "text-faint"
    },
    { word: "failed attempts in all", text: exact(group.attempts), shape: "", look: "text-text" }
  ]
  return (
    <dl className="flex flex-wrap gap-x-10 gap-y-2 border-y border-line py-2">
      {figures.map(({ look, shape, text, word }) => (
        <div key={word} className="flex flex-col-reverse">
          <dt className="text-muted">{word}</dt>
          <dd className={`text-xl font-semibold ${look}`}>
            {shape === "" ? null : (
              <span aria-hidden="true" className="mr-1.5 text-[11px] leading-none">
                {shape}
              </span>
            )}
            {text}
          </dd>
        </div>
      ))}
    </dl>
  )
}
