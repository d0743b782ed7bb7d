/** What people do on the page again and again, in the words that they read there. */
import type { Locator, Page } from "playwright-core"

/** To a screen, by the rail. */
export const goTo = (page: Page, screen: string) =>
  page.getByRole("navigation", { name: "Screens" }).getByRole("link", { name: screen, exact: true }).click()

/** Waits until a text is there. */
export const see = (place: Page | Locator, text: string | RegExp) => place.getByText(text).first().waitFor()

/** Presses a button by its words. */
export const press = (place: Page | Locator, name: string | RegExp) =>
  place.getByRole("button", { name, exact: typeof name === "string" }).click()

/** The row of a table that says something. */
export const rowWith = (page: Page, text: string | RegExp): Locator => page.getByRole("row").filter({ hasText: text })

/** Signs in with a token, over whatever is shown. */
export const signInWith = async (page: Page, token: string) => {
  await page.getByLabel("Token").fill(token)
  await press(page.getByRole("dialog"), "Sign in")
  await page.getByLabel("Token").waitFor({ state: "detached" })
}
