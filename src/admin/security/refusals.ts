/**
 * Refusals in the audit of what is administered.
 *
 * @internal
 */
import { Effect } from "effect"
import { CurrentUser } from "../access.ts"
import type { AdminService } from "../adminService.ts"
import type { Policy } from "./policy.ts"

/** The same policy, whose refusals are written down. What becomes of that changes nothing. */
export const notingRefusals = (admin: AdminService, policy: Policy): Policy => ({
  ...policy,
  refused: (user, action, target) =>
    Effect.ignore(Effect.provideService(admin.noteRefusal(action, target), CurrentUser, user)).pipe(
      Effect.andThen(policy.refused(user, action, target))
    )
})
