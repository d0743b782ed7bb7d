/** Business entities across modules: what one is linked with, and what happened to it. */
import { useEffect } from "react"
import type { Entity } from "../../api/wire.ts"
import { useMedia } from "../../parts/media.ts"
import { ScreenTitle } from "../../parts/Panel.tsx"
import { Tabs } from "../../parts/Tabs.tsx"
import { entityText } from "../../words/entities.ts"
import { Around } from "./Around.tsx"
import { LifeOf } from "./Life.tsx"
import { useEntityPlace } from "./place.ts"
import { remember } from "./recent.ts"
import { Search } from "./Search.tsx"
import { Start } from "./Start.tsx"

const Shown = ({ entity }: { readonly entity: Entity }) => {
  const name = entityText(entity)
  const isWide = useMedia("(min-width: 1180px)")
  useEffect(() => remember(name), [name])
  const around = <Around entity={entity} />
  const life = <LifeOf entity={entity} />
  if (isWide) {
    return (
      <div className="grid grid-cols-[minmax(0,1fr)_minmax(400px,480px)] items-start gap-4">
        {around}
        {life}
      </div>
    )
  }
  return (
    <Tabs
      label={`What is known of ${name}`}
      tabs={[
        { id: "life", label: "Life", content: () => life },
        { id: "links", label: "Links", content: () => around }
      ]}
    />
  )
}

const Links = () => {
  const { entity } = useEntityPlace()
  return (
    <>
      <ScreenTitle title="Links">What an entity is linked with, and what happened to it across modules.</ScreenTitle>
      <Search />
      {entity === undefined ? <Start /> : <Shown entity={entity} />}
    </>
  )
}

export default Links
