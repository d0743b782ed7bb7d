/** A sentence of the server's: times in it are told as everywhere on the page. */
import { Clock } from "./Time.tsx"

const time = /(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z)/

export const Sentence = ({ text }: { readonly text: string }) =>
  text.split(time).map((part) => (time.test(part) ? <Clock key={part} at={part} /> : part))
