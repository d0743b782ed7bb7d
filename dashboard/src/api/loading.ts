/** Loads what is not needed at the start of the page. */
import { apiPath } from "./base.ts"

/** The server has another version of the page than this one, which lacks what is to be loaded. */
export class Outdated extends Error {
  override readonly message = "The application was updated since this page was opened, and has a newer one"
}

const pause = (millis: number) => new Promise((resolve) => setTimeout(resolve, millis))

/** Whether what answers is the administration, and not a proxy before one that is away. */
const isReached = () =>
  fetch(`${apiPath}/session`, { credentials: "same-origin" }).then(
    ({ status }) => status < 500,
    () => false
  )

/** Waits for a server that is away. One that answers, and does not have the file, has another version of the page. */
export const patiently = async <A>(load: () => Promise<A>): Promise<A> => {
  for (;;) {
    try {
      return await load()
    } catch {
      if (await isReached()) {
        return load().catch(() => {
          throw new Outdated()
        })
      }
      await pause(2_000)
    }
  }
}
