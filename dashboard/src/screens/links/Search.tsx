/** Asks for an entity, and how far its links are followed. */
import { Search as SearchIcon } from "lucide-react"
import { type FormEvent, useEffect, useId, useState } from "react"
import { useLocation } from "wouter"
import { Button } from "../../parts/Button.tsx"
import { entityOf } from "../../words/entities.ts"
import { hopsChoices, useEntityPlace } from "./place.ts"

const HopsChoice = () => {
  const { hops, setHops } = useEntityPlace()
  return (
    <fieldset className="flex items-center gap-2">
      <legend className="sr-only">How far links are followed</legend>
      <span aria-hidden="true" className="text-muted">
        Hops
      </span>
      <div className="flex overflow-hidden rounded-md border border-edge">
        {hopsChoices.map((each) => (
          <label
            key={each}
            className={`flex h-8 w-9 cursor-pointer items-center justify-center border-l border-line first:border-0 has-focus-visible:outline-2 has-focus-visible:-outline-offset-2 has-focus-visible:outline-accent ${each === hops ? "bg-accent-soft font-semibold text-accent" : "bg-panel hover:bg-hover"}`}
          >
            <input
              type="radio"
              name="hops"
              className="sr-only"
              aria-label={each === 1 ? "1 hop" : `${each} hops`}
              checked={each === hops}
              onChange={() => setHops(each)}
            />
            {each}
          </label>
        ))}
      </div>
    </fieldset>
  )
}

export const Search = () => {
  const { entity, hrefOf, text } = useEntityPlace()
  const [typed, setTyped] = useState(text)
  const [isWrong, setWrong] = useState(text !== "" && entity === undefined)
  const [, navigate] = useLocation()
  const id = useId()
  useEffect(() => {
    setTyped(text)
    setWrong(text !== "" && entityOf(text) === undefined)
  }, [text])
  const submit = (event: FormEvent) => {
    event.preventDefault()
    const wanted = entityOf(typed)
    setWrong(wanted === undefined)
    if (wanted !== undefined) navigate(hrefOf(wanted))
  }
  return (
    <form onSubmit={submit} className="mb-4 flex flex-wrap items-start gap-x-4 gap-y-2">
      <div className="min-w-0 flex-1 basis-72 sm:max-w-xl">
        <div className="flex gap-2">
          <label htmlFor={id} className="sr-only">
            Entity, as module/Type/id
          </label>
          <input
            id={id}
            value={typed}
            onChange={(event) => setTyped(event.target.value)}
            placeholder="module/Type/id"
            spellCheck={false}
            autoComplete="off"
            autoCapitalize="off"
            aria-invalid={isWrong || undefined}
            aria-describedby={isWrong ? `${id}-wrong` : undefined}
            className="h-8 w-full min-w-0 rounded-md border border-edge bg-panel px-2 font-mono text-sm placeholder:text-faint aria-invalid:border-gave-up"
          />
          <Button type="submit" look="primary">
            <SearchIcon size={14} aria-hidden="true" /> Show
          </Button>
        </div>
        {isWrong ? (
          <p id={`${id}-wrong`} role="alert" className="mt-1 text-sm text-gave-up">
            An entity is written as its module, its type and its id, with slashes between them: finance/Invoice/42.
          </p>
        ) : null}
      </div>
      {entity === undefined ? null : <HopsChoice />}
    </form>
  )
}
