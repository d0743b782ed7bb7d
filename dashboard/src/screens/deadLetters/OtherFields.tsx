/** Which fields the contract of an event has that its payload leaves out: what somebody who edits it may have to add. */
import { useAsk } from "../../api/asking.ts"
import type { DeadLetterDetails } from "../../api/wire.ts"
import { fieldsOf } from "../contracts/fields.ts"

/** The names of a text's own fields; undefined while it is no object of JSON. */
const namesOf = (text: string): ReadonlySet<string> | undefined => {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === "object" && value !== null && !Array.isArray(value)
      ? new Set(Object.keys(value))
      : undefined
  } catch {
    return undefined
  }
}

export const OtherFields = ({
  letter: { eventName, schemaVersion },
  text
}: {
  readonly letter: DeadLetterDetails
  /** What was stored, or what was typed. */
  readonly text: string
}) => {
  const contracts = useAsk("/contracts", {}, { every: false })
  const contract = contracts.data?.find((one) => one.eventName === eventName && one.version === schemaVersion)
  const names = namesOf(text)
  if (contract === undefined || names === undefined) return null
  const others = fieldsOf(contract.jsonSchema).fields.filter(
    ({ depth, name, path }) => depth === 1 && path === name && !names.has(name)
  )
  return others.length === 0 ? null : (
    <p className="pb-1 text-sm text-muted">
      {others.length === 1 ? "Its contract also has the field " : "Its contract also has the fields "}
      {others.map(({ isRequired, name, type }, index) => (
        <span key={name}>
          {index === 0 ? "" : ", "}
          <code className="text-text">{name}</code> ({isRequired ? type : `${type}, optional`})
        </span>
      ))}
      .
    </p>
  )
}
