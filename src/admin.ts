/**
 * Door of the administration: what is to be seen and to be repaired, in process and over HTTP.
 *
 * @since 0.1.0
 */

export { Admin } from "./admin/Admin.ts"
export { AdminServer } from "./admin/AdminServer.ts"
export { type Action, actions, CurrentUser, type Role, roles, type User } from "./admin/access.ts"
export type { AdminService, Affected, Page } from "./admin/adminService.ts"
export { Api } from "./admin/api/api.ts"
export { Session, SignIn } from "./admin/api/session.ts"
export { Entity } from "./admin/model/common.ts"
export * from "./admin/model/consumers.ts"
export * from "./admin/model/deadLetters.ts"
export * from "./admin/model/diagnosis.ts"
export * from "./admin/model/entities.ts"
export * from "./admin/model/events.ts"
export * from "./admin/model/operations.ts"
export * from "./admin/model/statistics.ts"
export * from "./admin/model/statuses.ts"
export type { HttpOptions } from "./admin/overHttp.ts"
export {
  Conflict,
  Forbidden,
  Invalid,
  NotFound,
  type Problem,
  Unauthenticated,
  Unavailable
} from "./admin/problems.ts"
export type { AskedBy, AuthOptions, Token } from "./admin/security/authentication.ts"
export type { Eventually, PolicyOptions } from "./admin/security/policy.ts"
export type { AdminServerOptions, HealthSource } from "./admin/server/options.ts"
export { AdminNotListening, type AdminOptionError, AdminUnprotected } from "./admin/server/serverErrors.ts"
export type { Listening, ListenOptions } from "./admin/server/standAlone.ts"
export type { HandlerOptions, Mounted, NodeHandler, WebHandler } from "./admin/server/webHandler.ts"
