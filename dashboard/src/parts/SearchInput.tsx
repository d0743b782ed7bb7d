/** What narrows a list as it is typed. */
import { Search } from "lucide-react"

export const SearchInput = ({
  label,
  onChange,
  placeholder,
  value
}: {
  /** What is found by what, for those who do not see where it stands. */
  readonly label: string
  readonly placeholder: string
  readonly value: string
  readonly onChange: (value: string) => void
}) => (
  <label className="relative flex w-72 max-w-full max-sm:w-full">
    <span className="sr-only">{label}</span>
    <Search size={14} aria-hidden="true" className="absolute top-2.25 left-2.5 text-faint" />
    <input
      type="search"
      value={value}
      placeholder={placeholder}
      onChange={(event) => onChange(event.target.value)}
      className="h-8 w-full min-w-0 rounded-md border border-edge bg-panel pr-2 pl-8 placeholder:text-faint"
    />
  </label>
)
