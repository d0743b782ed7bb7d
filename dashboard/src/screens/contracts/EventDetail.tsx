/** All that is known of an event's contracts. */

import { Link } from "wouter"
import { CopyButton } from "../../parts/Copy.tsx"
import { Choose } from "../../parts/Field.tsx"
import { useParam } from "../../parts/params.ts"
import type { Range } from "../../parts/range.ts"
import { Tabs } from "../../parts/Tabs.tsx"
import { quoted } from "../events/language.ts"
import { Compare } from "./Compare.tsx"
import type { KnownEvent } from "./known.ts"
import { SchemaTree } from "./SchemaTree.tsx"
import { Versions } from "./Versions.tsx"

const Schema = ({ event: { latest, versions } }: { readonly event: KnownEvent }) => {
  const [given, setVersion] = useParam("version")
  const contract = versions.find(({ version }) => String(version) === given) ?? latest
  return (
    <>
      <div className="mb-2 flex flex-wrap items-center justify-between gap-2">
        <Choose
          label="Version"
          value={String(contract.version)}
          choices={versions.map(({ version }) => ({ value: String(version), label: `Version ${version}` }))}
          onChange={(version) => setVersion(version === String(latest.version) ? undefined : version)}
        />
        <span className="flex items-center text-muted">
          JSON Schema
          <CopyButton
            text={JSON.stringify(contract.jsonSchema, null, 2)}
            label={`Copy the JSON Schema of version ${contract.version}`}
          />
        </span>
      </div>
      <SchemaTree contract={contract} />
    </>
  )
}

export const EventDetail = ({ event, range }: { readonly event: KnownEvent; readonly range: Range }) => (
  <>
    <Tabs
      label={`Contracts of ${event.name}`}
      tabs={[
        { id: "versions", label: "Versions", content: () => <Versions event={event} range={range} /> },
        { id: "schema", label: "Schema", content: () => <Schema event={event} /> },
        ...(event.versions.length > 1
          ? [{ id: "compare", label: "Compare", content: () => <Compare event={event} /> }]
          : [])
      ]}
    />
    <p className="mt-4 border-t border-line pt-2">
      <Link
        href={`/events?q=${encodeURIComponent(`name:${quoted(event.name)}`)}`}
        className="inline-flex min-h-8 items-center text-accent hover:underline"
      >
        Events of this name
      </Link>
    </p>
  </>
)
