/** What can be set while processes run: what is in force, where it comes from, and who changed it. */
import { useState } from "react"
import { Link } from "wouter"
import { useAsk } from "../../api/asking.ts"
import type { Setting } from "../../api/wire.ts"
import { Answered, Empty, SkeletonRows } from "../../parts/Answers.tsx"
import { Panel, ScreenTitle } from "../../parts/Panel.tsx"
import { useParam } from "../../parts/params.ts"
import { useGo, useHref, usePlace } from "../../parts/place.ts"
import { SearchInput } from "../../parts/SearchInput.tsx"
import { exact } from "../../words/numbers.ts"
import { grouped, meaningOf, shortKey } from "./about.ts"
import { SettingDrawer } from "./SettingDrawer.tsx"
import { SettingRow } from "./SettingRow.tsx"

const matches = (setting: Setting, search: string) => {
  const text = `${setting.key} ${meaningOf(setting.key) ?? ""} ${setting.source}`.toLowerCase()
  return search
    .toLowerCase()
    .split(/\s+/)
    .every((word) => text.includes(word))
}

const summaryOf = (settings: ReadonlyArray<Setting>): string => {
  const stored = settings.filter(({ source }) => source === "stored").length
  const rejected = settings.filter(({ rejected: text }) => text !== null).length
  const parts = [`${exact(settings.length)} settings`, stored === 0 ? "none is stored" : `${exact(stored)} stored`]
  return `${[...parts, ...(rejected === 0 ? [] : [`${exact(rejected)} with a value that cannot be used`])].join(", ")}.`
}

const Groups = ({ search, settings }: { readonly settings: ReadonlyArray<Setting>; readonly search: string }) => {
  const [edited, setEdited] = useState<string>()
  const href = useHref()
  const place = usePlace<"key">("/settings/:key")
  const found = settings.filter((setting) => matches(setting, search))
  if (found.length === 0) return <Empty title={`No setting has “${search}” in its key, its meaning or its source`} />
  return (
    <div className="grid gap-4">
      {grouped(found).map(({ settings: rows, title }) => (
        <Panel key={title} title={title}>
          <ul className="-mx-4 -my-2">
            {rows.map((setting) => (
              <SettingRow
                key={setting.key}
                setting={setting}
                href={href(`/settings/${encodeURIComponent(setting.key)}`)}
                isCurrent={place?.key === setting.key}
                isEdited={edited === setting.key}
                onEdit={(isEdited) => setEdited(isEdited ? setting.key : undefined)}
              />
            ))}
          </ul>
        </Panel>
      ))}
    </div>
  )
}

const Settings = () => {
  const query = useAsk("/settings", {})
  const [search = "", setSearch] = useParam("q")
  const go = useGo()
  const place = usePlace<"key">("/settings/:key")
  return (
    <>
      <ScreenTitle
        title="Settings"
        actions={
          <SearchInput
            label="Find a setting"
            placeholder="Key, meaning or source"
            value={search}
            onChange={setSearch}
          />
        }
      >
        {query.data === undefined ? "" : summaryOf(query.data)} What is stored here holds for all processes from their
        next poll on, over environment, options and defaults; who did it is in the{" "}
        <Link href="/audit?action=settings.change" className="text-accent underline">
          audit
        </Link>
        .
      </ScreenTitle>
      <Answered query={query} skeleton={<SkeletonRows count={16} />}>
        {(settings) => (
          <>
            <Groups settings={settings} search={search} />
            <SettingDrawer
              setting={
                place === undefined
                  ? undefined
                  : settings.find(({ key }) => key === place.key || shortKey(key) === place.key)
              }
              onClose={() => go("/settings")}
            />
          </>
        )}
      </Answered>
    </>
  )
}

export default Settings
