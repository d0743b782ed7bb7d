/** Gives a setting another value, in its place. */
import { useState } from "react"
import { useAct } from "../../api/asking.ts"
import type { Setting } from "../../api/wire.ts"
import { ProblemNote } from "../../parts/Answers.tsx"
import { ActionButton, Button } from "../../parts/Button.tsx"
import { Choose, Field } from "../../parts/Field.tsx"
import { notify } from "../../parts/notices.tsx"
import { shortKey } from "./about.ts"
import { boundsText, numberOf, plainText, unitOf, type Value, valueText } from "./values.ts"

/** Stores a value, or removes what is stored. */
export const usePut = (key: string) => {
  const put = useAct("PUT", "/settings/:key")
  const store = (value: Value | null, reason: string, onDone?: () => void) =>
    put.mutate(
      { params: { key }, payload: { value, ...(reason.trim() === "" ? {} : { reason: reason.trim() }) } },
      {
        onSuccess: (setting) => {
          notify(`${shortKey(key)} is ${valueText(key, setting.value)} now.`)
          onDone?.()
        }
      }
    )
  return { put, store }
}

const Input = ({
  error,
  onChange,
  setting,
  typed
}: {
  readonly setting: Setting
  readonly typed: string
  readonly error: string | undefined
  readonly onChange: (typed: string) => void
}) => {
  const { key, value } = setting
  if (typeof value === "boolean") {
    return (
      <div className="grid content-start gap-1">
        <span className="font-semibold">New value</span>
        <Choose
          label={`New value of ${shortKey(key)}`}
          value={typed}
          onChange={onChange}
          choices={[
            { value: "true", label: "on" },
            { value: "false", label: "off" }
          ]}
        />
      </div>
    )
  }
  const unit = unitOf(key)
  const parsed = numberOf(setting, typed)
  const plain = "value" in parsed ? plainText(key, parsed.value) : undefined
  return (
    <Field
      label={unit === undefined ? "New value" : `New value, in ${unit}`}
      inputMode="numeric"
      autoFocus
      autoComplete="off"
      value={typed}
      error={error}
      help={[plain === undefined ? undefined : `That is ${plain}.`, boundsText(setting)].filter(Boolean).join(" ")}
      onChange={(event) => onChange(event.target.value)}
    />
  )
}

export const EditSetting = ({ onClose, setting }: { readonly setting: Setting; readonly onClose: () => void }) => {
  const { key, value } = setting
  const [typed, setTyped] = useState(String(value))
  const [reason, setReason] = useState("")
  const { put, store } = usePut(key)
  const isBoolean = typeof value === "boolean"
  const parsed = isBoolean ? { value: typed === "true" } : numberOf(setting, typed)
  const error = "error" in parsed ? parsed.error : undefined
  const isSame = "value" in parsed && parsed.value === value
  return (
    <form
      className="border-t border-line/60 bg-surface px-4 py-3"
      aria-label={`Change ${shortKey(key)}`}
      onKeyDown={(event) => {
        if (event.key === "Escape") onClose()
      }}
      onSubmit={(event) => {
        event.preventDefault()
        if ("value" in parsed && !isSame) store(parsed.value, reason, onClose)
      }}
    >
      <div className="grid items-start gap-x-4 gap-y-2 sm:grid-cols-[minmax(0,240px)_minmax(0,1fr)]">
        <Input setting={setting} typed={typed} error={error} onChange={setTyped} />
        <Field
          label="Reason"
          help="Others see it beside the change, and in the audit."
          maxLength={1023}
          autoComplete="off"
          value={reason}
          onChange={(event) => setReason(event.target.value)}
        />
      </div>
      {put.error === null ? null : <ProblemNote problem={put.error} />}
      <div className="mt-2 flex flex-wrap gap-2">
        <ActionButton
          action="settings.change"
          type="submit"
          look="primary"
          disabled={put.isPending}
          disabledBecause={error ?? (isSame ? "This is the value in force." : undefined)}
        >
          Store {"value" in parsed ? valueText(key, parsed.value) : ""}
        </ActionButton>
        {setting.source === "stored" ? (
          <ActionButton action="settings.change" disabled={put.isPending} onClick={() => store(null, reason, onClose)}>
            Remove what is stored
          </ActionButton>
        ) : null}
        <Button look="quiet" onClick={onClose}>
          Cancel
        </Button>
      </div>
    </form>
  )
}
