/** What gave up, by cause and one by one, and how it is repaired. */
import { Link } from "wouter"
import { ScreenTitle } from "../../parts/Panel.tsx"
import { useParam } from "../../parts/params.ts"
import { usePlace } from "../../parts/place.ts"
import { GroupPage } from "./GroupPage.tsx"
import { GroupsView } from "./GroupsView.tsx"
import { LetterPage } from "./LetterPage.tsx"
import { LettersView } from "./LettersView.tsx"

const views = [
  { id: "errors", label: "By error", href: "/dead-letters" },
  { id: "deliveries", label: "By delivery", href: "/dead-letters?view=deliveries" }
] as const

const Views = ({ current }: { readonly current: string }) => (
  <nav aria-label="Ways to look at dead letters" className="mb-3 flex gap-1 border-b border-line">
    {views.map(({ href, id, label }) => (
      <Link
        key={id}
        href={href}
        aria-current={id === current ? "page" : undefined}
        className={`flex h-9 items-center border-b-2 px-3 ${id === current ? "border-accent font-semibold" : "border-transparent text-muted hover:text-text"}`}
      >
        {label}
      </Link>
    ))}
  </nav>
)

const List = () => {
  const [given] = useParam("view")
  const view = given === "deliveries" ? "deliveries" : "errors"
  return (
    <>
      <ScreenTitle title="Dead letters">
        {view === "errors"
          ? "Deliveries that gave up, or are about to, by what they failed with."
          : "Deliveries that gave up, the last first."}
      </ScreenTitle>
      <Views current={view} />
      {view === "errors" ? <GroupsView /> : <LettersView />}
    </>
  )
}

const DeadLetters = () => {
  const group = usePlace<"fingerprint">("/dead-letters/:fingerprint")
  const letter = usePlace<"fingerprint" | "delivery">("/dead-letters/:fingerprint/:delivery")
  if (letter !== undefined) {
    return <LetterPage key={letter.delivery} id={letter.delivery} fingerprint={letter.fingerprint} />
  }
  return group === undefined ? <List /> : <GroupPage fingerprint={group.fingerprint} />
}

export default DeadLetters
