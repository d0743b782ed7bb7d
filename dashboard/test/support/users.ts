/** Users of the application of the tests, and how they sign in. */
import { Redacted } from "effect"
import type { Page } from "playwright-core"
import type { AuthOptions } from "../../../src/admin.ts"

const names = { viewer: "vera", operator: "oscar", admin: "ada" } as const

export type Role = keyof typeof names

export const roles = Object.keys(names) as ReadonlyArray<Role>

const tokenOf = (role: Role) => `token-of-${names[role]}-0123456789`

/** One of each role. */
export const users: AuthOptions = {
  tokens: roles.map((role) => ({ token: Redacted.make(tokenOf(role)), name: names[role], role }))
}

export const sheetOf = (page: Page) => page.getByRole("dialog", { name: "Sign in" })

/** Fills in the sheet when it comes, and waits until it is gone. */
export const signIn = async (page: Page, role: Role) => {
  const sheet = sheetOf(page)
  await sheet.getByLabel("Token").fill(tokenOf(role))
  await page.keyboard.press("Enter")
  await sheet.waitFor({ state: "hidden" })
}

/** What a browser says of requests that were not answered, or refused before somebody signed in. */
export const unsigned = [/401/]
