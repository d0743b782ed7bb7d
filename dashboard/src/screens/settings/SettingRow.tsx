/** One setting: what is in force, and where it comes from. */
import { Pencil, TriangleAlert } from "lucide-react"
import { Link } from "wouter"
import type { Setting } from "../../api/wire.ts"
import { ActionButton } from "../../parts/Button.tsx"
import { meaningOf, shortKey } from "./about.ts"
import { EditSetting } from "./EditSetting.tsx"
import { boundsText, plainText, sources, valueText } from "./values.ts"

export const Rejected = ({ text }: { readonly text: string }) => (
  <p className="flex items-start gap-1.5 text-retrying">
    <TriangleAlert size={14} className="mt-0.5 shrink-0" aria-hidden="true" />
    <span className="min-w-0 break-words">Not used: {text}.</span>
  </p>
)

/** A value with the same in larger units. */
export const ValueInForce = ({ setting: { key, value } }: { readonly setting: Setting }) => {
  const plain = plainText(key, value)
  return (
    <>
      <span className="font-semibold">{valueText(key, value)}</span>
      {plain === undefined ? null : <span className="text-muted"> = {plain}</span>}
    </>
  )
}

export const SettingRow = ({
  href,
  isCurrent,
  isEdited,
  onEdit,
  setting
}: {
  readonly setting: Setting
  readonly href: string
  readonly isCurrent: boolean
  readonly isEdited: boolean
  readonly onEdit: (isEdited: boolean) => void
}) => {
  const { key, rejected, source } = setting
  const isDefault = source === "default"
  return (
    <li className={`border-b border-line/60 last:border-0 ${isCurrent ? "bg-accent-soft" : ""}`}>
      <div className="grid grid-cols-[minmax(0,1fr)_auto] items-start gap-x-4 px-4 py-1 sm:grid-cols-[minmax(0,1fr)_136px_136px_auto] lg:grid-cols-[minmax(0,1fr)_200px_160px_auto]">
        <div className="min-w-0 py-1.5">
          <Link href={href} title={key} className="font-semibold break-words hover:underline">
            {shortKey(key)}
          </Link>
          <p className="text-sm text-muted">{meaningOf(key)}</p>
          {rejected === null ? null : <Rejected text={rejected} />}
        </div>
        <div className="col-span-2 flex flex-wrap gap-x-8 pb-1 sm:contents">
          <div className="min-w-0 sm:col-start-2 sm:py-1.5">
            <ValueInForce setting={setting} />
            <p className="text-sm text-faint">{boundsText(setting)}</p>
          </div>
          <div className="min-w-0 sm:col-start-3 sm:py-1.5">
            <span className={isDefault ? "text-muted" : source === "stored" ? "font-semibold text-accent" : ""}>
              {sources[source]}
            </span>
            {isDefault ? null : <p className="text-sm text-faint">default: {valueText(key, setting.default)}</p>}
          </div>
        </div>
        <ActionButton
          action="settings.change"
          look="quiet"
          isIcon
          aria-label={`Change ${shortKey(key)}`}
          aria-expanded={isEdited}
          className="col-start-2 row-start-1 sm:col-start-4"
          onClick={() => onEdit(!isEdited)}
        >
          <Pencil size={14} aria-hidden="true" />
        </ActionButton>
      </div>
      {isEdited ? <EditSetting setting={setting} onClose={() => onEdit(false)} /> : null}
    </li>
  )
}
