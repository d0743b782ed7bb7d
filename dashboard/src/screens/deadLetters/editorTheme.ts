/** How the editor looks: with the colours of the page, names of members quieter than their values. */
import { syntaxTree } from "@codemirror/language"
import { RangeSetBuilder } from "@codemirror/state"
import { Decoration, type DecorationSet, EditorView, ViewPlugin, type ViewUpdate } from "@codemirror/view"

const marks: Readonly<Record<string, Decoration>> = {
  PropertyName: Decoration.mark({ class: "cm-member" }),
  Number: Decoration.mark({ class: "cm-value" }),
  True: Decoration.mark({ class: "cm-value" }),
  False: Decoration.mark({ class: "cm-value" }),
  Null: Decoration.mark({ class: "cm-value" })
}

const marked = ({ state, visibleRanges }: EditorView): DecorationSet => {
  const builder = new RangeSetBuilder<Decoration>()
  for (const { from, to } of visibleRanges) {
    syntaxTree(state).iterate({
      from,
      to,
      enter: (node) => {
        const mark = marks[node.name]
        if (mark !== undefined) builder.add(node.from, node.to, mark)
      }
    })
  }
  return builder.finish()
}

export const colours = ViewPlugin.fromClass(
  class {
    decorations: DecorationSet
    constructor(view: EditorView) {
      this.decorations = marked(view)
    }
    update(update: ViewUpdate) {
      const isParsed = syntaxTree(update.state) !== syntaxTree(update.startState)
      if (update.docChanged || update.viewportChanged || isParsed) this.decorations = marked(update.view)
    }
  },
  { decorations: ({ decorations }) => decorations }
)

export const theme = EditorView.theme({
  "&": { backgroundColor: "var(--panel)", color: "var(--text)", fontSize: "12px", maxHeight: "60dvh" },
  // The frame around it shows the focus.
  "&.cm-focused": { outline: "none" },
  ".cm-scroller": { fontFamily: "var(--font-mono)", lineHeight: "20px", overflow: "auto" },
  ".cm-content": { caretColor: "var(--text)", padding: "6px 0" },
  ".cm-cursor, .cm-dropCursor": { borderLeftColor: "var(--text)" },
  ".cm-gutters": { backgroundColor: "var(--panel)", color: "var(--faint)", border: "none" },
  ".cm-activeLine": { backgroundColor: "color-mix(in srgb, var(--hover) 60%, transparent)" },
  "&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground": {
    backgroundColor: "var(--accent-soft)"
  },
  "&.cm-focused .cm-matchingBracket": { backgroundColor: "var(--accent-soft)", outline: "1px solid var(--accent)" },
  ".cm-member": { color: "var(--muted)" },
  ".cm-value": { color: "var(--accent)" },
  ".cm-lintRange-error": {
    backgroundImage: "none",
    textDecoration: "underline wavy var(--gave-up)",
    textUnderlineOffset: "3px"
  },
  ".cm-lint-marker-error": {
    content: "none",
    width: "8px",
    height: "8px",
    margin: "6px 2px",
    backgroundColor: "var(--gave-up)"
  },
  ".cm-tooltip": {
    backgroundColor: "var(--raised)",
    color: "var(--text)",
    border: "1px solid var(--line)",
    borderRadius: "6px"
  },
  ".cm-diagnostic-error": { borderLeft: "3px solid var(--gave-up)" },
  ".cm-diagnostic": { padding: "4px 8px", fontFamily: "var(--font-sans)" },
  "&.cm-merge-b .cm-changedLine, .cm-changedLine": { backgroundColor: "var(--accent-soft)" },
  "&.cm-merge-b .cm-changedText, .cm-changedText": { background: "none", textDecoration: "none" },
  ".cm-deletedChunk": { backgroundColor: "var(--gave-up-soft)", paddingLeft: "6px" },
  ".cm-deletedChunk .cm-deletedText": { background: "none" },
  ".cm-changeGutter": { width: "3px", paddingLeft: "1px" },
  "&.cm-editor .cm-changedLineGutter": { background: "var(--accent)" },
  "&.cm-editor .cm-deletedLineGutter": { background: "var(--gave-up)" }
})
