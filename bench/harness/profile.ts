/** Node's own profiler around what is timed: a flame graph to open in a browser's or an editor's profile viewer. */
import { mkdirSync, writeFileSync } from "node:fs"
import type { Profiler } from "node:inspector"
import { Session } from "node:inspector/promises"
import { basename, dirname, join, relative } from "node:path"
import { fileURLToPath } from "node:url"

const root = join(dirname(fileURLToPath(import.meta.url)), "..", "..")

type Frame = Profiler.ProfileNode["callFrame"]

const placeOf = ({ functionName, lineNumber, url }: Frame) => {
  const file = url.startsWith("file://") ? relative(root, fileURLToPath(url)) : url
  return `${functionName || "(anonymous)"}${file === "" ? "" : ` ${basename(dirname(file))}/${basename(file)}:${lineNumber + 1}`}`
}

/** Starting and ending the profiler shows up in what it sees. */
const profiler = "post ./node:inspector"

/** The functions that most time was spent in, without what they call: lines of `<share of the time> <function>`. */
const hottest = ({ nodes, samples = [], timeDeltas = [] }: Profiler.Profile, count: number) => {
  const places = new Map(nodes.map(({ callFrame, id }) => [id, placeOf(callFrame)]))
  const micros = new Map<string, number>()
  samples.forEach((id, index) => {
    const place = places.get(id) ?? "?"
    micros.set(place, (micros.get(place) ?? 0) + (timeDeltas[index] ?? 0))
  })
  for (const place of micros.keys()) if (place.startsWith(profiler)) micros.delete(place)
  const total = [...micros.values()].reduce((sum, value) => sum + value, 0)
  return [...micros]
    .toSorted(([, a], [, b]) => b - a)
    .slice(0, count)
    .map(([place, value]) => `${((100 * value) / total).toFixed(1).padStart(5)} %  ${place}`)
}

/** Runs `work`, writes what the profiler saw to `<folder>/<name>.cpuprofile`, and tells the hottest spots. */
export const profiled = async <A>(folder: string, name: string, work: () => Promise<A>): Promise<A> => {
  const session = new Session()
  session.connect()
  await session.post("Profiler.enable")
  await session.post("Profiler.setSamplingInterval", { interval: 200 })
  await session.post("Profiler.start")
  const result = await work()
  const { profile } = await session.post("Profiler.stop")
  session.disconnect()
  mkdirSync(folder, { recursive: true })
  const file = join(folder, `${name.replaceAll(/[^a-zA-Z0-9]+/g, "-")}.cpuprofile`)
  writeFileSync(file, JSON.stringify(profile))
  process.stderr.write(`${relative(process.cwd(), file)}\n${hottest(profile, 15).join("\n")}\n`)
  return result
}
