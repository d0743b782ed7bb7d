/**
 * Who may do what: roles, and what each action needs.
 *
 * @internal
 */
import { Context } from "effect"

/** `viewer` looks; `operator` also requeues, pauses and judges errors; `admin` does all. @since 0.1.0 */
export type Role = "viewer" | "operator" | "admin"

/** Roles, the weakest first. @since 0.1.0 */
export const roles: ReadonlyArray<Role> = ["viewer", "operator", "admin"]

/** Who asks. @since 0.1.0 */
export interface User {
  readonly name: string
  readonly role: Role
}

/** The role that each action needs at least. @since 0.1.0 */
export const actions = {
  "overview.read": "viewer",
  "statistics.read": "viewer",
  "events.read": "viewer",
  "deadLetters.read": "viewer",
  "errorGroups.read": "viewer",
  "operations.read": "viewer",
  "consumers.read": "viewer",
  "links.read": "viewer",
  "contracts.read": "viewer",
  "replicas.read": "viewer",
  "settings.read": "viewer",
  "audit.read": "viewer",
  "doctor.run": "viewer",
  "deadLetters.requeue": "operator",
  "deadLetters.edit": "operator",
  "deadLetters.discard": "admin",
  "errorGroups.change": "operator",
  "operations.requeue": "operator",
  "operations.discard": "admin",
  "operations.stop": "operator",
  "consumers.pause": "operator",
  "consumers.resume": "operator",
  "consumers.retire": "admin",
  "settings.change": "admin"
} as const satisfies Readonly<Record<string, Role>>

/** @since 0.1.0 */
export type Action = keyof typeof actions

/** Whether a role is enough for an action. @since 0.1.0 */
export const suffices = (role: Role, action: Action): boolean => roles.indexOf(role) >= roles.indexOf(actions[action])

/** Who asks, where the administration is used in process: whoever can call it may do all. @since 0.1.0 */
export const CurrentUser = Context.Reference<User>("effect-integration/Admin/CurrentUser", {
  defaultValue: () => ({ name: "application", role: "admin" })
})
