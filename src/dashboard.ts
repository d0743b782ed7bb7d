/**
 * Door of the dashboard: a page for browsers, and the administration that it asks.
 *
 * @since 0.1.0
 */

export { Admin } from "./admin/Admin.ts"
export type { AdminServerOptions } from "./admin/server/options.ts"
export { AdminNotListening, type AdminOptionError, AdminUnprotected } from "./admin/server/serverErrors.ts"
export type { Listening, ListenOptions } from "./admin/server/standAlone.ts"
export type { HandlerOptions, Mounted, NodeHandler, WebHandler } from "./admin/server/webHandler.ts"
export { Dashboard } from "./dashboard/Dashboard.ts"
export { DashboardNotBuilt } from "./dashboard/notBuilt.ts"
