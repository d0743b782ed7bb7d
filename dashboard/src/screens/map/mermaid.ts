/** The map as a Mermaid flowchart, for documents. */
import type { Graph } from "./graph.ts"
import { nameOf, rateText } from "./looks.ts"

/** Quotes would end the text; other signs would be read as Markdown, as HTML, or as the code of a sign. */
const quoted = (text: string) => `"${text.replace(/["#&<`]|\p{Cc}/gu, (sign) => `#${sign.charCodeAt(0)};`)}"`

export const mermaidOf = ({ edges, nodes }: Graph, minutes: number): string => {
  const names = new Map(nodes.map(({ id }, index) => [id, `n${index}`]))
  const lineOf = (node: Graph["nodes"][number]) => {
    const { id, kind } = node
    const text = quoted(nameOf(node))
    if (kind === "module") return `${names.get(id)}[[${text}]]`
    return kind === "event" || kind === "events" ? `${names.get(id)}([${text}])` : `${names.get(id)}[${text}]`
  }
  const isConsumer = ({ kind }: Graph["nodes"][number]) => kind === "consumer" || kind === "consumers"
  const modules = [...new Set(nodes.filter(isConsumer).map(({ module }) => module))]
  return [
    "flowchart LR",
    ...nodes.filter((node) => !isConsumer(node)).map((node) => `  ${lineOf(node)}`),
    ...modules.flatMap((module, index) => [
      `  subgraph m${index} [${quoted(module)}]`,
      ...nodes.filter((node) => isConsumer(node) && node.module === module).map((node) => `    ${lineOf(node)}`),
      "  end"
    ]),
    ...edges.map(({ count, source, target }) =>
      count === 0
        ? `  ${names.get(source)} -.-> ${names.get(target)}`
        : `  ${names.get(source)} -->|${rateText(count, minutes)}| ${names.get(target)}`
    ),
    ""
  ].join("\n")
}
