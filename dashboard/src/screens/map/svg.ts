/** The map as a picture in SVG, with the colours that the page has now. */
import { coloursOf } from "../../parts/tokens.ts"
import type { Graph } from "./graph.ts"
import { type Box, placesOf } from "./layout.ts"
import { lineWidth, nameOf, rateText, tokens } from "./looks.ts"

/** Control characters cannot be in XML, however they are written. */
const escaped = (text: string) =>
  text
    .replace(/\p{Cc}/gu, "\ufffd")
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;")

const margin = 16

/** As much of a name as there is room for. */
const cut = (name: string, width: number) => {
  const most = Math.floor((width - 72) / 6.2)
  return name.length > most ? `${name.slice(0, most - 1)}…` : name
}

const curve = (from: Box, to: Box): string => {
  const [x1, y1] = [from.x + from.width, from.y + from.height / 2]
  const [x2, y2] = [to.x, to.y + to.height / 2]
  const middle = (x1 + x2) / 2
  return `M${x1},${y1} C${middle},${y1} ${middle},${y2} ${x2},${y2}`
}

export const svgOf = (graph: Graph, minutes: number): string => {
  const names = ["--panel", "--line", "--text", "--faint", "--edge", "--retrying", "--gave-up"]
  const resolved = coloursOf(document.body, names)
  const colour = (token: string) => resolved[names.indexOf(token)] ?? "currentColor"
  const { boxes, frames, height, width } = placesOf(graph)
  const rect = ({ height, width, x, y }: Box, stroke: string, more = "") =>
    `<rect x="${x}" y="${y}" width="${width}" height="${height}" rx="6" fill="none" stroke="${stroke}"${more}/>`
  const text = (x: number, y: number, content: string, fill: string, more = "") =>
    `<text x="${x}" y="${y}" fill="${fill}"${more}>${escaped(content)}</text>`
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="${-margin} ${-margin} ${width + 2 * margin} ${height + 2 * margin}" font-family="Inter, system-ui, sans-serif" font-size="13">`,
    `<rect x="${-margin}" y="${-margin}" width="${width + 2 * margin}" height="${height + 2 * margin}" fill="${colour("--panel")}"/>`,
    ...frames.flatMap((frame) => [
      rect(frame, colour("--line")),
      text(frame.x + 12, frame.y + 18, frame.module, colour("--faint"), ' font-size="11"')
    ]),
    ...graph.edges.map((edge) => {
      const isSilent = edge.count === 0 && edge.trouble === "none"
      const dash = isSilent ? ' stroke-dasharray="3 4"' : ""
      return `<path d="${curve(boxes.get(edge.source)!, boxes.get(edge.target)!)}" fill="none" stroke="${colour(tokens[edge.trouble])}" stroke-width="${isSilent ? 1 : lineWidth(edge, minutes).toFixed(1)}" opacity="0.6"${dash}/>`
    }),
    ...graph.nodes.flatMap((node) => {
      const box = boxes.get(node.id)!
      const stroke = colour(node.trouble === "none" ? "--edge" : tokens[node.trouble])
      const middle = box.y + box.height / 2 + 4
      return [
        rect(box, stroke, node.isHollow ? ' stroke-dasharray="4 3"' : ""),
        text(box.x + 8, middle, cut(nameOf(node), box.width), colour("--text")),
        text(
          box.x + box.width - 8,
          middle,
          rateText(node.count, minutes),
          colour("--faint"),
          ' text-anchor="end" font-size="11"'
        )
      ]
    }),
    "</svg>",
    ""
  ].join("\n")
}
