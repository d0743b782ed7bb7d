/** One dead letter, as long as it is one; then, what was last known of it. */
import { useQuery } from "@tanstack/react-query"
import { useLive } from "../../api/live.ts"
import { type Problem, request } from "../../api/request.ts"
import type { DeadLetterDetails } from "../../api/wire.ts"

interface Letter {
  readonly letter: DeadLetterDetails
  /** Whether it is no dead letter any more. */
  readonly isGone: boolean
}

/** Whether it still is one is asked of the list, which has no error for what is not in it. */
const isListed = async (id: string, signal: AbortSignal) => {
  const { items } = await request("GET", "/dead-letters", { query: { deliveryIds: [id], limit: 1 } }, signal)
  return items.length > 0
}

/** Fails with status 404 when it was gone already when it was first asked for. */
export const useLetter = (id: string) => {
  const { isLive } = useLive()
  return useQuery<Letter, Problem>({
    queryKey: ["/dead-letters/:id", id],
    queryFn: async ({ client, queryKey, signal }) => {
      const known = client.getQueryData<Letter>(queryKey)
      if (known !== undefined && !(await isListed(id, signal))) return { ...known, isGone: true }
      return { letter: await request("GET", "/dead-letters/:id", { params: { id } }, signal), isGone: false }
    },
    refetchInterval: isLive ? 5_000 : false
  })
}
