/** Asks for a token, over the page: what was there is still there after it. */
import { useQueryClient } from "@tanstack/react-query"
import { Dialog } from "radix-ui"
import { type FormEvent, useState } from "react"
import { Problem, request } from "../api/request.ts"
import { signIn } from "../api/session.ts"
import { Button } from "../parts/Button.tsx"
import { Field } from "../parts/Field.tsx"
import { useReturnedFocus } from "../parts/returnedFocus.ts"

const messageOf = (error: unknown) => {
  if (!(error instanceof Problem)) return String(error)
  return error.status === 401 ? "Nobody knows this token." : error.message
}

export const SignIn = () => {
  const isWanted = signIn.use()
  const focus = useReturnedFocus()
  const client = useQueryClient()
  const [token, setToken] = useState("")
  const [error, setError] = useState<string>()
  const [isAsking, setAsking] = useState(false)
  const submit = async (event: FormEvent) => {
    event.preventDefault()
    setAsking(true)
    try {
      await request("POST", "/session", { payload: { token } })
      setToken("")
      setError(undefined)
      signIn.done()
      await client.invalidateQueries()
    } catch (problem) {
      setError(messageOf(problem))
    } finally {
      setAsking(false)
    }
  }
  return (
    <Dialog.Root open={isWanted}>
      <Dialog.Portal>
        <Dialog.Overlay className="fixed inset-0 z-40 bg-[#00000066]" />
        <Dialog.Content
          {...focus}
          onEscapeKeyDown={(event) => event.preventDefault()}
          onInteractOutside={(event) => event.preventDefault()}
          className="opens fixed inset-x-4 top-[20dvh] z-50 mx-auto max-w-sm rounded-lg border border-line bg-raised p-5 shadow-2xl"
        >
          <Dialog.Title className="text-lg font-semibold">Sign in</Dialog.Title>
          <Dialog.Description className="mb-4 text-muted">
            With a token of whoever runs this application. You stay on this page. If the application knows its users by
            its own means, sign in there and reload.
          </Dialog.Description>
          <form onSubmit={submit} className="grid gap-3">
            <Field
              label="Token"
              type="password"
              autoComplete="current-password"
              required
              value={token}
              onChange={(event) => setToken(event.target.value)}
              error={error}
            />
            <Button type="submit" look="primary" disabled={isAsking || token === ""}>
              Sign in
            </Button>
          </form>
        </Dialog.Content>
      </Dialog.Portal>
    </Dialog.Root>
  )
}
