/** Draws charts. The only file that knows uPlot. */
import { useEffect, useLayoutEffect, useRef, useState } from "react"
import uPlot from "uplot"
import "uplot/dist/uPlot.min.css"
import { clockText, isUtc } from "../words/clock.ts"
import { short } from "../words/numbers.ts"
import type { ChartProps } from "./Chart.tsx"
import { useIsNarrow } from "./media.ts"
import { HiddenTable, Readout } from "./PlotWords.tsx"
import { axisTexts, heightsOf, isWhole, stepOf, summaryOf } from "./plotData.ts"
import { coloursOf, seenThrough, useIsDark } from "./tokens.ts"

/** Where the pointer is: at which time, and at which mark. */
interface At {
  readonly index: number | null
  readonly mark: { readonly label: string; readonly at: number; readonly left: number } | null
}

const nowhere: At = { index: null, mark: null }

const isSame = (one: At, other: At) => one.index === other.index && one.mark?.left === other.mark?.left

/** So near is the pointer at a mark, in pixels. */
const near = 6

/** Whole steps of an axis of counts. */
const wholeSteps = Array.from({ length: 13 }, (_, power) => [1, 2, 5].map((digit) => digit * 10 ** power)).flat()

const bar: uPlot.Series = {
  width: 0,
  points: { show: false },
  paths: uPlot.paths.bars!({ size: [0.78, 28, 1], align: 1 })
}

/** What is known once only, between times of which nothing is known, has no line: it is a point. */
const alone = (plot: uPlot, index: number): Array<number> => {
  const values = plot.data[index] ?? []
  const isKnown = (at: number) => values[at] !== null && values[at] !== undefined
  return [...values].flatMap((_, at) => (isKnown(at) && !isKnown(at - 1) && !isKnown(at + 1) ? [at] : []))
}

/** Of areas only the lowest has a line: what is nothing on top of others is not to be seen. */
const seriesOf = (kind: "area" | "line" | "bars", colour: string, isLowest: boolean): uPlot.Series => {
  if (kind === "bars") return { ...bar, stroke: colour, fill: colour }
  const points = { show: true, filter: alone, size: 4, width: 0, fill: colour }
  const line = { stroke: colour, width: 1.25, points }
  if (kind === "line") return line
  return isLowest
    ? { ...line, fill: seenThrough(colour, 0.2) }
    : { stroke: colour, width: 0, points: { show: false }, fill: seenThrough(colour, 0.8) }
}

interface Drawn {
  readonly target: HTMLElement
  readonly height: number
  readonly utc: boolean
  /** The props as they are when something is drawn or heard. */
  readonly props: () => ChartProps
  readonly onAt: (update: (before: At) => At) => void
}

const drawMarks = (plot: uPlot, marks: NonNullable<ChartProps["marks"]>, colour: string) => {
  const { ctx } = plot
  const { height, left, top, width } = plot.bbox
  ctx.save()
  ctx.strokeStyle = colour
  ctx.fillStyle = colour
  ctx.lineWidth = uPlot.pxRatio
  ctx.setLineDash([3 * uPlot.pxRatio, 3 * uPlot.pxRatio])
  for (const { at } of marks) {
    const x = Math.round(plot.valToPos(at, "x", true)) + 0.5
    if (x < left || x > left + width) continue
    ctx.beginPath()
    ctx.moveTo(x, top)
    ctx.lineTo(x, top + height)
    ctx.stroke()
    ctx.fillRect(x - 2 * uPlot.pxRatio, top, 4 * uPlot.pxRatio, 4 * uPlot.pxRatio)
  }
  ctx.restore()
}

/** What the pointer is at. */
const atOf = (plot: uPlot, marks: NonNullable<ChartProps["marks"]>): At => {
  const { idx, left = -1 } = plot.cursor
  if (left < 0) return nowhere
  const close = marks
    .map(({ at, label }) => ({ at, label, left: plot.valToPos(at, "x") }))
    .filter((mark) => Math.abs(mark.left - left) <= near)
  const offset = plot.bbox.left / uPlot.pxRatio
  const mark = close[0] === undefined ? null : { ...close[0], label: close.map(({ label }) => label).join(" · ") }
  return { index: idx ?? null, mark: mark === null ? null : { ...mark, left: mark.left + offset } }
}

const optionsOf = ({ height, onAt, props, target, utc }: Drawn): uPlot.Options => {
  const { kind = "line", onBrush, series } = props()
  const [line, faint, ...colours] = coloursOf(target, ["--line", "--faint", ...series.map(({ token }) => token)])
  const format = (value: number) => (props().format ?? short)(value)
  const axis: uPlot.Axis = {
    stroke: faint!,
    font: `11px ${getComputedStyle(target).fontFamily}`,
    ticks: { show: false },
    border: { show: false }
  }
  const drawn = colours.map((colour, index) => seriesOf(kind, colour, index === 0))
  return {
    width: target.clientWidth,
    height,
    ms: 1,
    tzDate: (at) => (utc ? uPlot.tzDate(new Date(at), "Etc/UTC") : new Date(at)),
    padding: [6, 18, 0, 0],
    legend: { show: false },
    // What is on top is drawn first, and what is below over it.
    series: [{}, ...(kind === "line" ? drawn : drawn.reverse())],
    bands: kind === "area" ? drawn.slice(1).map((_, index) => ({ series: [index + 1, index + 2] })) : [],
    scales: {
      x: {
        range: (_, from, to) => {
          const step = stepOf(props().times)
          return [from, kind === "bars" || from === to ? to + step : to]
        }
      },
      y: { range: (_, __, most) => [0, most > 0 ? most * 1.08 : 1] }
    },
    axes: [
      {
        ...axis,
        size: 24,
        gap: 4,
        space: 72,
        grid: { show: false },
        values: (_, at, __, ___, step) => axisTexts(at, step, utc)
      },
      {
        ...axis,
        size: 48,
        gap: 6,
        space: 34,
        grid: { stroke: line!, width: 1 },
        values: (_, values) => values.map((value) => format(value)),
        ...(isWhole(series) ? { incrs: wholeSteps } : {})
      }
    ],
    cursor: {
      y: false,
      points: kind === "line" ? { size: 6 } : { show: false },
      drag: { x: onBrush !== undefined, y: false, setScale: false }
    },
    hooks: {
      draw: [(plot) => drawMarks(plot, props().marks ?? [], faint!)],
      setCursor: [
        (plot) => {
          const at = atOf(plot, props().marks ?? [])
          onAt((before) => (isSame(before, at) ? before : at))
        }
      ],
      setSelect: [
        (plot) => {
          const { left, width } = plot.select
          if (width < 4) return
          plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false)
          props().onBrush?.(Math.round(plot.posToVal(left, "x")), Math.round(plot.posToVal(left + width, "x")))
        }
      ]
    }
  }
}

const dataOf = (props: ChartProps): uPlot.AlignedData => {
  const heights = heightsOf(props).map((values) => [...values])
  return [[...props.times], ...((props.kind ?? "line") === "line" ? heights : heights.reverse())]
}

/** Keeps a drawing of the props in an element; made anew only when more than figures changed. */
const useDrawing = (props: ChartProps, height: number, onAt: Drawn["onAt"]) => {
  const target = useRef<HTMLDivElement>(null)
  const plot = useRef<uPlot>(undefined)
  const given = useRef(props)
  given.current = props
  const utc = isUtc.use()
  const isDark = useIsDark()
  const { kind, marks, onBrush, series, times } = props
  const look = `${kind} ${isWhole(series)} ${onBrush !== undefined} ${series.map(({ token }) => token).join()}`
  // biome-ignore lint/correctness/useExhaustiveDependencies: `look` and `isDark` stand for what the options are made of.
  useLayoutEffect(() => {
    const element = target.current!
    const drawn = new uPlot(
      optionsOf({ target: element, height, utc, props: () => given.current, onAt }),
      dataOf(given.current),
      element
    )
    plot.current = drawn
    const observer = new ResizeObserver(() => {
      if (element.clientWidth > 0 && element.clientWidth !== drawn.width)
        drawn.setSize({ width: element.clientWidth, height })
    })
    observer.observe(element)
    return () => {
      observer.disconnect()
      drawn.destroy()
    }
  }, [height, utc, isDark, look, onAt])
  // biome-ignore lint/correctness/useExhaustiveDependencies: these are what is drawn.
  useEffect(() => plot.current?.setData(dataOf(given.current)), [times, series, marks])
  return target
}

const Plot = (props: ChartProps) => {
  const { format = short, height = 180, onBrush, series, times } = props
  const [{ index, mark }, setAt] = useState<At>(nowhere)
  const utc = isUtc.use()
  const isNarrow = useIsNarrow()
  const shown = isNarrow ? Math.min(height, 120) : height
  const target = useDrawing(props, shown, setAt)
  const at = index === null ? undefined : times[index]
  return (
    <figure className="relative min-w-0">
      <Readout series={series} format={format} at={index}>
        {at === undefined ? (onBrush === undefined || isNarrow ? "" : "Drag to zoom") : clockText(at, utc)}
      </Readout>
      <div
        ref={target}
        role="img"
        aria-label={summaryOf(props, format, utc)}
        style={{ height: shown }}
        className="w-full overflow-hidden [&_.u-cursor-x]:border-edge! [&_.u-select]:bg-accent/15!"
      />
      {mark === null ? null : (
        <p
          style={{ left: `clamp(128px, ${mark.left}px, calc(100% - 128px))` }}
          className="pointer-events-none absolute top-7 z-10 w-max max-w-64 -translate-x-1/2 rounded-md border border-line bg-raised px-2 py-1 text-sm shadow-lg"
        >
          <span className="text-muted">{clockText(mark.at, utc)}</span> {mark.label}
        </p>
      )}
      <HiddenTable props={props} utc={utc} />
    </figure>
  )
}

export default Plot
