/** The filter: words as chips, and a place to type the next one, which is completed. */
import { ListFilter, X } from "lucide-react"
import { type KeyboardEvent, useEffect, useId, useRef, useState } from "react"
import { Chip } from "./Chip.tsx"
import { type Completion, completionsFor, useKnown } from "./completions.ts"
import type { Filter } from "./filter.ts"
import { isOpenQuote } from "./language.ts"

export const FilterInput = ({
  filter: { problems, terms },
  onChange
}: {
  readonly filter: Filter
  /** With all words, as they are to be in the address. */
  readonly onChange: (text: string) => void
}) => {
  const id = useId()
  const input = useRef<HTMLInputElement>(null)
  const [typed, setTyped] = useState("")
  const [isOpen, setOpen] = useState(false)
  const [at, setAt] = useState(-1)
  const known = useKnown(isOpen)
  const completions = isOpen ? completionsFor(typed, known) : []
  const active = completions[at]

  const write = (text: string) => {
    setTyped(text)
    setAt(-1)
  }
  const textWithout = (index: number) => terms.flatMap(({ text }, each) => (each === index ? [] : [text])).join(" ")
  const commit = (text: string) => {
    write("")
    setOpen(false)
    if (text.trim() !== "") onChange([...terms.map((term) => term.text), text.trim()].join(" "))
  }
  const remove = (index: number) => {
    onChange(textWithout(index))
    input.current?.focus()
  }
  const edit = (index: number) => {
    const word = terms[index]?.text ?? ""
    onChange([textWithout(index), typed.trim()].filter((text) => text !== "").join(" "))
    write(word)
    setOpen(true)
    input.current?.focus()
  }
  const take = ({ isWhole, text }: Completion) => (isWhole ? commit(text) : write(text))

  const onKey = (event: KeyboardEvent<HTMLInputElement>) => {
    const { key } = event
    const move = key === "ArrowDown" ? 1 : key === "ArrowUp" ? -1 : 0
    if (event.nativeEvent.isComposing) return
    if (move !== 0) {
      event.preventDefault()
      setOpen(true)
      const count = completions.length + 1
      setAt((before) => ((before + 1 + move + count) % count) - 1)
    } else if (key === "Enter" || (key === "Tab" && active !== undefined && !event.shiftKey)) {
      event.preventDefault()
      if (active === undefined) commit(typed)
      else take(active)
    } else if (key === " " && !isOpenQuote(typed)) {
      event.preventDefault()
      commit(typed)
    } else if (key === "Backspace" && typed === "" && terms.length > 0) {
      event.preventDefault()
      edit(terms.length - 1)
    } else if (key === "Escape" && isOpen) {
      event.stopPropagation()
      setOpen(false)
    }
  }

  return (
    <div className="relative min-w-0">
      {/* biome-ignore lint/a11y/noStaticElementInteractions: a larger place to click; keys reach the input itself. */}
      {/* biome-ignore lint/a11y/useKeyWithClickEvents: as above. */}
      <div
        className="flex min-h-9 cursor-text flex-wrap items-center gap-1 rounded-md border border-edge bg-panel py-0.5 pr-1 pl-2 focus-within:border-accent"
        onClick={(event) => {
          if (event.target === event.currentTarget) input.current?.focus()
        }}
      >
        <ListFilter size={14} className="mr-1 shrink-0 text-faint" aria-hidden="true" />
        {terms.map((term, index) => (
          <Chip
            // biome-ignore lint/suspicious/noArrayIndexKey: the same word may be there twice.
            key={`${index}${term.text}`}
            term={term}
            problem={problems.find((problem) => problem.term === term)?.message}
            onEdit={() => edit(index)}
            onRemove={() => remove(index)}
          />
        ))}
        <input
          ref={input}
          value={typed}
          role="combobox"
          aria-label="Filter events"
          aria-expanded={completions.length > 0}
          aria-controls={`${id}-list`}
          aria-autocomplete="list"
          aria-activedescendant={active === undefined ? undefined : `${id}-${at}`}
          aria-describedby={`${id}-problems`}
          autoComplete="off"
          autoCapitalize="off"
          spellCheck={false}
          placeholder={
            terms.length === 0 ? "name: status: aggregate: payload.customer.id: … or a text in the payload" : ""
          }
          className="h-8 min-w-24 flex-1 bg-transparent outline-none placeholder:text-faint placeholder:text-ellipsis"
          onChange={(event) => {
            write(event.target.value)
            setOpen(true)
          }}
          onFocus={() => setOpen(terms.length === 0 || typed !== "")}
          onBlur={() => setOpen(false)}
          onKeyDown={onKey}
        />
        {terms.length === 0 ? null : (
          <button
            type="button"
            aria-label="Remove the whole filter"
            title="Remove the whole filter"
            onClick={() => onChange("")}
            className="grid size-8 shrink-0 place-items-center rounded text-faint hover:text-text"
          >
            <X size={14} aria-hidden="true" />
          </button>
        )}
      </div>
      {completions.length === 0 ? null : (
        <Completions id={id} completions={completions} at={at} onTake={take} onPoint={setAt} />
      )}
      <p id={`${id}-problems`} role="status" className="text-sm text-gave-up">
        {problems.map(({ message, term }) => (
          <span key={`${term.text}${message}`} className="block pt-1">
            {message}
          </span>
        ))}
      </p>
    </div>
  )
}

const Completions = ({
  at,
  completions,
  id,
  onPoint,
  onTake
}: {
  readonly id: string
  readonly completions: ReadonlyArray<Completion>
  readonly at: number
  readonly onTake: (completion: Completion) => void
  readonly onPoint: (at: number) => void
}) => {
  const list = useRef<HTMLDivElement>(null)
  useEffect(() => {
    list.current?.children[at]?.scrollIntoView({ block: "nearest" })
  }, [at])
  return (
    <div
      ref={list}
      id={`${id}-list`}
      role="listbox"
      aria-label="Completions"
      className="absolute top-full left-0 z-20 mt-1 max-h-96 w-full max-w-xl overflow-y-auto rounded-md border border-line bg-raised p-1 shadow-xl"
    >
      {completions.map((completion, index) => (
        // biome-ignore lint/a11y/useKeyWithClickEvents: keys are the combobox's.
        <div
          key={completion.text}
          id={`${id}-${index}`}
          role="option"
          tabIndex={-1}
          aria-selected={index === at}
          onMouseDown={(event) => event.preventDefault()}
          onMouseMove={() => onPoint(index)}
          onClick={() => onTake(completion)}
          className="flex h-8 cursor-pointer items-center gap-3 rounded px-2 aria-selected:bg-hover"
        >
          <code className="truncate">{completion.text}</code>
          <span className="ml-auto truncate text-sm text-faint">{completion.help}</span>
        </div>
      ))}
    </div>
  )
}
