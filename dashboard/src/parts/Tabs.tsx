/** Parts of a detail, one at a time; which one is in the address. */
import { Tabs as Radix } from "radix-ui"
import type { ReactNode } from "react"
import { useParam } from "./params.ts"

export interface Tab {
  readonly id: string
  readonly label: ReactNode
  readonly content: () => ReactNode
}

export const Tabs = ({ label, tabs }: { readonly label: string; readonly tabs: ReadonlyArray<Tab> }) => {
  const [given, setTab] = useParam("tab")
  const tab = tabs.find(({ id }) => id === given) ?? tabs[0]!
  return (
    <Radix.Root value={tab.id} onValueChange={(id) => setTab(id === tabs[0]!.id ? undefined : id)}>
      <Radix.List aria-label={label} className="mb-3 flex gap-1 overflow-x-auto border-b border-line">
        {tabs.map(({ id, label: name }) => (
          <Radix.Trigger
            key={id}
            value={id}
            className="h-9 shrink-0 border-b-2 border-transparent px-3 text-muted hover:text-text focus-visible:-outline-offset-2 data-[state=active]:border-accent data-[state=active]:font-semibold data-[state=active]:text-text"
          >
            {name}
          </Radix.Trigger>
        ))}
      </Radix.List>
      <Radix.Content value={tab.id}>{tab.content()}</Radix.Content>
    </Radix.Root>
  )
}
