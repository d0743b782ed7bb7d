/** A text editor for payloads, loaded when the first one is edited. The only file that knows CodeMirror, with its theme. */
import { history, historyKeymap, standardKeymap } from "@codemirror/commands"
import { json } from "@codemirror/lang-json"
import { bracketMatching, indentOnInput, indentUnit } from "@codemirror/language"
import { type Diagnostic, linter, lintGutter, nextDiagnostic } from "@codemirror/lint"
import { unifiedMergeView } from "@codemirror/merge"
import { Compartment, EditorState, type Text } from "@codemirror/state"
import { drawSelection, EditorView, highlightActiveLine, keymap, lineNumbers } from "@codemirror/view"
import { useEffect, useRef, useState } from "react"
import type { PayloadVerdict } from "../../api/wire.ts"
import { colours, theme } from "./editorTheme.ts"

type Found = PayloadVerdict["problems"][number]

/** A problem is told a moment after the last key, in milliseconds. */
const patience = 350

const nonce = () => document.querySelector<HTMLMetaElement>("meta[property=csp-nonce]")?.nonce ?? ""

/** To the end of the word, or of the line. */
const diagnosticOf = (doc: Text, { column, line, message, path }: Found): Diagnostic => {
  const at = doc.line(Math.max(1, Math.min(line ?? 1, doc.lines)))
  const from = Math.min(at.from + Math.max(0, (column ?? 1) - 1), at.to)
  const word = /^[\w."-]+/.exec(doc.sliceString(from, at.to))
  const to = Math.min(at.to, from + Math.max(1, word?.[0].length ?? 1))
  return { from, to, severity: "error", message: path === "" ? message : `${path}: ${message}` }
}

const differences = (original: string) =>
  unifiedMergeView({
    original,
    mergeControls: false,
    gutter: true,
    syntaxHighlightDeletions: false,
    allowInlineDiffs: true
  })

const stateOf = (
  initial: string,
  judge: (text: string) => Promise<ReadonlyArray<Found>>,
  onChange: (text: string) => void,
  compared: ReturnType<Compartment["of"]>
) =>
  EditorState.create({
    doc: initial,
    extensions: [
      lineNumbers(),
      lintGutter(),
      history(),
      drawSelection(),
      indentOnInput(),
      indentUnit.of("  "),
      bracketMatching(),
      highlightActiveLine(),
      json(),
      colours,
      theme,
      EditorView.lineWrapping,
      EditorView.cspNonce.of(nonce()),
      EditorView.contentAttributes.of({ "aria-label": "Payload, as JSON. Tab leaves the editor." }),
      EditorView.updateListener.of((update) => {
        if (update.docChanged) onChange(update.state.doc.toString())
      }),
      linter(async ({ state: { doc } }) => (await judge(doc.toString())).map((found) => diagnosticOf(doc, found)), {
        delay: patience
      }),
      keymap.of([{ key: "F8", run: nextDiagnostic }, ...standardKeymap, ...historyKeymap]),
      compared
    ]
  })

const Editor = ({
  initial,
  judge,
  onChange,
  original,
  takesFocus
}: {
  /** What is edited. */
  readonly initial: string
  /** What differences are shown to. */
  readonly original: string
  readonly judge: (text: string) => Promise<ReadonlyArray<Found>>
  readonly onChange: (text: string) => void
  /** Whether one may type at once: it may come late. */
  readonly takesFocus: () => boolean
}) => {
  const place = useRef<HTMLDivElement>(null)
  const view = useRef<EditorView>(undefined)
  const [comparing] = useState(() => new Compartment())
  const [isCompared, setCompared] = useState(true)
  // Made once: what is typed is the editor's from then on.
  const made = useRef({ initial, judge, onChange, original, takesFocus })
  useEffect(() => {
    const { initial: text, judge: ask, onChange: tell, original: before, takesFocus: isFree } = made.current
    const editor = new EditorView({
      parent: place.current!,
      state: stateOf(text, ask, tell, comparing.of(differences(before)))
    })
    view.current = editor
    if (isFree()) editor.focus()
    return () => editor.destroy()
  }, [comparing])
  useEffect(() => {
    view.current?.dispatch({ effects: comparing.reconfigure(isCompared ? differences(made.current.original) : []) })
  }, [isCompared, comparing])
  return (
    <>
      <div ref={place} />
      <label className="flex min-h-8 cursor-pointer items-center gap-2 border-t border-line px-3 text-sm text-muted">
        <input type="checkbox" checked={isCompared} onChange={() => setCompared(!isCompared)} />
        Show what differs from what was published
      </label>
    </>
  )
}

export default Editor
