/** The schema of a payload as a tree of its fields. */
import type { Contract } from "../../api/wire.ts"
import { type Field, type Fields, fieldsOf, isOpaque } from "./fields.ts"

export const TypeText = ({ field: { rules, type } }: { readonly field: Field }) => (
  <>
    <code className="break-words">{type}</code>
    {rules.length > 0 ? <span className="text-sm text-muted"> · {rules.join(" · ")}</span> : null}
  </>
)

const Row = ({ field }: { readonly field: Field }) => (
  <tr className="border-b border-line/60 align-top last:border-0">
    <th scope="row" className="py-1.5 pr-4 text-left font-normal" style={{ paddingLeft: (field.depth - 1) * 16 }}>
      <code className="break-words">{field.name}</code>
      {field.description === undefined ? null : (
        <span className="block text-sm break-words text-muted">{field.description}</span>
      )}
    </th>
    <td className="py-1.5 pr-4 break-words">
      <TypeText field={field} />
    </td>
    <td className="py-1.5 text-right text-sm whitespace-nowrap text-muted">
      {field.isRequired ? "required" : "optional"}
    </td>
  </tr>
)

const Tree = ({ label, of: { fields, isComplete } }: { readonly of: Fields; readonly label: string }) => {
  const [payload, ...below] = fields
  return (
    <>
      {payload === undefined ? null : (
        <p className="py-1 text-muted">
          The payload is <TypeText field={payload} />.
          {payload.description === undefined ? null : ` ${payload.description}`}
        </p>
      )}
      {below.length === 0 ? null : (
        <table aria-label={label} className="w-full table-fixed border-collapse">
          <colgroup>
            <col className="w-[38%]" />
            <col />
            <col className="w-16" />
          </colgroup>
          <thead>
            <tr className="border-b border-line text-left text-sm text-muted">
              <th scope="col" className="py-1 font-normal">
                Field
              </th>
              <th scope="col" className="py-1 font-normal">
                Type
              </th>
              <th scope="col" className="py-1 text-right font-normal">
                <span className="sr-only">Whether it is required</span>
              </th>
            </tr>
          </thead>
          <tbody>
            {below.map((field) => (
              <Row key={field.path} field={field} />
            ))}
          </tbody>
        </table>
      )}
      {isComplete ? null : (
        <p className="py-2 text-sm text-muted">There is more than is shown: copy the schema to see all of it.</p>
      )}
    </>
  )
}

export const SchemaTree = ({ contract }: { readonly contract: Contract }) => {
  const fields = fieldsOf(contract.jsonSchema)
  return isOpaque(fields) ? (
    <p className="py-2 text-muted">The schema does not say what is stored: it has no JSON form.</p>
  ) : (
    <Tree of={fields} label={`Fields of ${contract.eventName}, version ${contract.version}`} />
  )
}
