/** A filter that is typed: it holds a moment after the last key, or at Enter. */
import { useEffect, useState } from "react"
import { useParam } from "../../parts/params.ts"

export const FilterText = ({
  label,
  name,
  placeholder
}: {
  readonly label: string
  /** In the address. */
  readonly name: string
  readonly placeholder: string
}) => {
  const [value, setValue] = useParam(name)
  const [typed, setTyped] = useState(value ?? "")
  useEffect(() => setTyped(value ?? ""), [value])
  useEffect(() => {
    const next = typed.trim()
    if (next === (value ?? "")) return
    const timer = setTimeout(() => setValue(next === "" ? undefined : next), 350)
    return () => clearTimeout(timer)
  }, [typed, value, setValue])
  return (
    <input
      aria-label={label}
      placeholder={placeholder}
      value={typed}
      maxLength={1023}
      onChange={(event) => setTyped(event.target.value)}
      onKeyDown={(event) => {
        if (event.key === "Enter") setValue(typed.trim() === "" ? undefined : typed.trim())
      }}
      className="h-8 w-44 min-w-0 rounded-md border border-edge bg-panel px-2 placeholder:text-faint max-sm:w-[calc(50%-4px)]"
    />
  )
}
