/** A small line of counts, with its sum in words for those who do not see it. */

export const Sparkline = ({
  height = 24,
  label,
  marks = [],
  token = "--running",
  values,
  width = 96
}: {
  readonly values: ReadonlyArray<number>
  readonly label: string
  /** A CSS variable. */
  readonly token?: string
  /** For values at which there was trouble, the CSS variable of its colour. */
  readonly marks?: ReadonlyArray<string | undefined>
  readonly width?: number
  readonly height?: number
}) => {
  const most = Math.max(1, ...values)
  const step = width / Math.max(1, values.length - 1)
  const points = values.map(
    (value, index) => `${(index * step).toFixed(1)},${(height - 1 - (value / most) * (height - 3)).toFixed(1)}`
  )
  const colour = `var(${token})`
  return (
    <svg
      role="img"
      aria-label={label}
      viewBox={`0 0 ${width} ${height}`}
      width={width}
      height={height}
      className="max-w-full"
      preserveAspectRatio="none"
    >
      {points.length > 1 ? (
        <>
          <polygon points={`0,${height} ${points.join(" ")} ${width},${height}`} fill={colour} opacity={0.12} />
          <polyline
            points={points.join(" ")}
            fill="none"
            stroke={colour}
            strokeWidth={1.25}
            strokeLinejoin="round"
            vectorEffect="non-scaling-stroke"
          />
        </>
      ) : null}
      {marks.map((mark, index) =>
        mark === undefined ? null : (
          // biome-ignore lint/suspicious/noArrayIndexKey: a mark is known by its place.
          <rect key={index} x={index * step - 1} y={height - 4} width={2} height={4} fill={`var(${mark})`} />
        )
      )}
    </svg>
  )
}
