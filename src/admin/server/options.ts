/**
 * What can be said of how the administration is served.
 *
 * @internal
 */
import type { Effect } from "effect"
import { InvalidOption } from "../../errors/DeclarationErrors.ts"
import { unknownOption } from "../../errors/unknownOption.ts"
import type { HealthReport } from "../model/diagnosis.ts"
import { type Authentication, type AuthOptions, authenticationOf } from "../security/authentication.ts"
import { type Policy, type PolicyOptions, policyOf } from "../security/policy.ts"
import { AdminUnprotected } from "./serverErrors.ts"

/** Whether this process is well. @since 0.1.0 */
export interface HealthSource {
  readonly live: Effect.Effect<HealthReport>
  readonly ready: (options?: { readonly maxLagMillis?: number }) => Effect.Effect<HealthReport>
}

/** How the administration is served, wherever that is. @since 0.1.0 */
export interface AdminServerOptions extends PolicyOptions {
  /**
   * Who may come in. Required but for a server on the loopback interface. `"open"`: whoever reaches it may do everything, because the
   * application keeps others away by itself; then only requests to `localhost`, or to `allowedHosts`, are answered.
   */
  readonly auth?: AuthOptions | "open" | undefined
  /** The path it is below, as `/integration`, whether or not the server in front of it takes that off. Default: none. */
  readonly basePath?: string | undefined
  /** Names in the `Host` header that are answered, `ops.example.com` with any port or `ops.example.com:8443`. Default: see `auth`; else all. */
  readonly allowedHosts?: ReadonlyArray<string> | undefined
  /** Where browsers see it, as `https://ops.example.com`, if a proxy says another `Host`. */
  readonly origin?: string | undefined
  /** What is administered, as `production`: shown to everybody who is signed in. */
  readonly environment?: string | undefined
  /** Default: `Admin.health`. */
  readonly health?: HealthSource | undefined
  /** `/metrics` wants a user as everything else (`protected`, the default), nobody (`open`), or is not there (`off`). */
  readonly metrics?: "protected" | "open" | "off" | undefined
  /** Streams of live figures at once. Default 50. */
  readonly maxWatchers?: number | undefined
  /** Requests that are worked on at once; eight times as many wait. Default 8. */
  readonly maxConcurrent?: number | undefined
}

/** Options as they were checked. */
export interface Serving {
  readonly basePath: string
  /** Undefined: whoever comes in may do everything. */
  readonly authentication: Authentication | undefined
  readonly policy: Policy
  /** Undefined: any. */
  readonly hosts: ReadonlyArray<string> | undefined
  readonly origin: URL | undefined
  readonly environment: string | undefined
  readonly health: HealthSource | undefined
  readonly metrics: "protected" | "open" | "off"
  readonly maxWatchers: number
  readonly maxConcurrent: number
}

const checkedPath = (basePath: string) => {
  const path = basePath.replace(/\/+$/, "")
  if (!/^(\/[\w.~-]+)*$/.test(path)) {
    throw new InvalidOption({ option: "basePath", value: basePath, expected: "a path as /integration" })
  }
  return path
}

const checkedOrigin = (origin: string) => {
  const url = URL.canParse(origin) ? new URL(origin) : undefined
  if (url === undefined || !/^https?:$/.test(url.protocol) || url.pathname !== "/") {
    throw new InvalidOption({ option: "origin", value: origin, expected: "an origin as https://ops.example.com" })
  }
  return url
}

const checkedCount = (option: string, value: number) => {
  if (!Number.isSafeInteger(value) || value < 1) {
    throw new InvalidOption({ option, value: String(value), expected: "a whole number, 1 or more" })
  }
  return value
}

const loopbackNames = ["localhost", "127.0.0.1", "[::1]"]

/** Whether only programs of this machine reach an address. */
export const isLoopback = (host: string) => /^(localhost|127(\.\d{1,3}){3}|::1|\[::1\])$/i.test(host)

/** How a host is written in an address. */
export const inUrl = (host: string) => (host.includes(":") && !host.startsWith("[") ? `[${host}]` : host)

const tellApart =
  "Give auth: { tokens: [{ token, name, role }] }, or auth: { authenticate } with a function that says who asks."

/** Whether there is a way to come in. */
const isProtection = (auth: AdminServerOptions["auth"]): auth is AuthOptions =>
  typeof auth === "object" && ((auth.tokens?.length ?? 0) > 0 || auth.authenticate !== undefined)

const supported: Readonly<Record<"options" | "auth", ReadonlyArray<string>>> = {
  options: [
    ...["admin", "port", "host", "auth", "basePath", "allowedHosts", "origin", "environment", "health", "metrics"],
    ...["maxWatchers", "maxConcurrent", "allow", "visibility", "redact", "refused"]
  ],
  auth: ["tokens", "authenticate", "sessionDuration"]
}

/** One that is misspelt would protect nothing. */
const checkNames = (options: AdminServerOptions) => {
  const unknown =
    unknownOption("AdminServer", options, supported.options) ??
    (typeof options.auth === "object" ? unknownOption("auth of AdminServer", options.auth, supported.auth) : undefined)
  if (unknown !== undefined) throw unknown
}

const serving = (options: AdminServerOptions, hosts: ReadonlyArray<string> | undefined): Serving => ({
  basePath: checkedPath(options.basePath ?? ""),
  authentication: isProtection(options.auth) ? authenticationOf(options.auth) : undefined,
  policy: policyOf(options),
  hosts,
  origin: options.origin === undefined ? undefined : checkedOrigin(options.origin),
  environment: options.environment,
  health: options.health,
  metrics: options.metrics ?? "protected",
  maxWatchers: checkedCount("maxWatchers", options.maxWatchers ?? 50),
  maxConcurrent: checkedCount("maxConcurrent", options.maxConcurrent ?? 8)
})

/**
 * Of what is mounted in another server, whose address is not known here.
 *
 * @throws AdminUnprotected, InvalidOption, UnsupportedOption
 */
export const mounted = (options: AdminServerOptions): Serving => {
  checkNames(options)
  if (isProtection(options.auth)) return serving(options, options.allowedHosts)
  if (options.auth !== "open") {
    const instead = `${tellApart} If the application lets nobody else through to it, say so with auth: "open".`
    throw new AdminUnprotected({ where: "a path of another server", instead })
  }
  return serving(options, [...loopbackNames, ...(options.allowedHosts ?? [])])
}

/**
 * Of a server of its own.
 *
 * @param port - as it came to be
 * @throws AdminUnprotected, InvalidOption, UnsupportedOption
 */
export const standingAlone = (options: AdminServerOptions, host: string, port: number): Serving => {
  checkNames(options)
  if (!isLoopback(host)) {
    if (isProtection(options.auth)) return serving(options, options.allowedHosts)
    throw new AdminUnprotected({
      where: `address ${host}`,
      instead: `${tellApart} Or leave the host out: it is then reached from this machine only.`
    })
  }
  // Who gives it wants to be asked for something: a list of tokens may have come out empty.
  if (typeof options.auth === "object" && !isProtection(options.auth)) {
    throw new InvalidOption({
      option: "auth",
      value: "given",
      expected: "tokens or authenticate in it, or no auth at all"
    })
  }
  // A page of any site can have its name lead to 127.0.0.1: it is told by the name it asks for.
  const names = [...loopbackNames, inUrl(host)].map((name) => `${name}:${port}`)
  return serving(options, [...names, ...(options.allowedHosts ?? [])])
}
