/** From a delivery that gave up to where it can be worked on. */
import { Link } from "wouter"
import { useAsk } from "../../api/asking.ts"

export const DeadLetterLink = ({ deliveryId }: { readonly deliveryId: string }) => {
  const letter = useAsk("/dead-letters/:id", { params: { id: deliveryId } }, { every: false }).data
  if (letter === undefined || letter.fingerprint === null) return null
  return (
    <Link
      href={`/dead-letters/${encodeURIComponent(letter.fingerprint)}/${encodeURIComponent(deliveryId)}`}
      className="ml-auto text-sm text-accent hover:underline"
    >
      Dead letter
    </Link>
  )
}
