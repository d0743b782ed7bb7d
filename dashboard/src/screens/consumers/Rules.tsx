/** By which rules a consumer is handled where it is served, and who says so: its code, or a setting, which leads there. */
import { Link } from "wouter"
import { useAsk } from "../../api/asking.ts"
import type { ConsumerDetails, Replica, RuleInForce } from "../../api/wire.ts"
import { Panel } from "../../parts/Panel.tsx"
import { type Column, Table } from "../../parts/Table.tsx"
import { shortId } from "../../words/entities.ts"
import { placeOf } from "../processes/process.ts"
import { shortKey } from "../settings/about.ts"
import { ruleText, ruleTitles, sourceText } from "./ruleWords.ts"

type InForce = RuleInForce["values"][number]

/** One value of a rule: there are several where processes differ. */
interface Row extends InForce, Pick<RuleInForce, "name" | "setting"> {
  readonly isFirst: boolean
}

const rowsOf = (rules: ReadonlyArray<RuleInForce>): ReadonlyArray<Row> =>
  rules.flatMap(({ name, setting, values }) =>
    values.map((value, index) => ({ ...value, name, setting, isFirst: index === 0 }))
  )

/** In which processes it is so; nothing where it is in all. */
export const In = ({
  processes,
  replicas
}: {
  readonly processes: ReadonlyArray<string>
  readonly replicas: ReadonlyArray<Replica>
}) => {
  if (processes.length === 0) return null
  const places = processes.map((process) => {
    const replica = replicas.find(({ id }) => id === process)
    return replica === undefined ? shortId(process) : placeOf(replica)
  })
  return (
    <span className="block break-words whitespace-normal text-retrying sm:min-w-40">only in {places.join(", ")}</span>
  )
}

const Source = ({ setting, source }: Row) =>
  setting === null || source === "code" || source === "unknown" ? (
    <span className={source === "code" ? "" : "whitespace-normal text-muted"}>{sourceText(source)}</span>
  ) : (
    <span className="flex flex-wrap items-center gap-x-1.5 whitespace-normal">
      <Link
        href={`/settings/${encodeURIComponent(setting)}`}
        className="-my-1.5 inline-flex h-8 items-center text-accent hover:underline"
        title={setting}
      >
        {shortKey(setting)}
      </Link>
      <span className="text-muted">{sourceText(source)}</span>
    </span>
  )

const columnsOf = (replicas: ReadonlyArray<Replica>): ReadonlyArray<Column<Row>> => [
  {
    id: "rule",
    title: "Rule",
    narrow: "first",
    cell: ({ isFirst, name }) => (
      <span className={isFirst ? "text-muted" : "sr-only text-muted max-sm:not-sr-only"}>{ruleTitles[name]}</span>
    )
  },
  {
    id: "value",
    title: "In force",
    narrow: "first",
    isWide: true,
    cell: ({ name, processes, value }) => (
      <span className="whitespace-normal">
        <span className={value === null ? "text-faint" : ""}>{ruleText(name, value)}</span>
        <In processes={processes} replicas={replicas} />
      </span>
    )
  },
  { id: "source", title: "From", cell: Source }
]

export const Rules = ({ consumer: { rules } }: { readonly consumer: ConsumerDetails }) => {
  const replicas = useAsk("/replicas", {}).data ?? []
  return (
    <Panel title="Rules in force">
      {rules.length === 0 ? (
        <p className="py-2 text-muted">No process serves it, so nothing is in force.</p>
      ) : (
        <Table
          label="Rules in force, and where each comes from"
          rows={rowsOf(rules)}
          columns={columnsOf(replicas)}
          keyOf={({ name, processes, source, value }) => `${name} ${value} ${source} ${processes.length}`}
        />
      )}
    </Panel>
  )
}
