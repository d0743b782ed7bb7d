/** Figures of the moment: one stream as long as the page is seen and not paused. */
import { useEffect } from "react"
import { apiPath } from "./base.ts"
import { Problem, request } from "./request.ts"
import { signIn } from "./session.ts"
import { makeStore } from "./store.ts"
import type { DecodedLiveFigures, Wire } from "./wire.ts"

export type LiveFigures = Wire<DecodedLiveFigures>

/** `live`: figures come; `paused`: by whoever looks; `reconnecting`: the server does not answer. */
export type LiveState = "live" | "paused" | "reconnecting"

const isPaused = makeStore(false)
const isConnected = makeStore(true)
const figures = makeStore<LiveFigures | undefined>(undefined)

export const toggleLive = () => isPaused.set(!isPaused.get())

/** Whether the page follows what happens. */
export const useLive = (): { readonly state: LiveState; readonly isLive: boolean } => {
  const paused = isPaused.use()
  const connected = isConnected.use()
  return { state: paused ? "paused" : connected ? "live" : "reconnecting", isLive: !paused }
}

/** The last figures that came; undefined before the first. */
export const useLiveFigures = figures.use

/** For whoever signs out. */
export const forgetFigures = () => figures.set(undefined)

const messageOf = (data: string) => JSON.parse(data) as LiveFigures | { readonly _tag: string }

/** A stream does not say why it ended: the server may be away, or want to know who asks. */
const askWhy = async () => {
  try {
    await request("GET", "/session", {})
  } catch (error) {
    if (error instanceof Problem && error.status === 401) signIn.wanted(error)
    else isConnected.set(false)
  }
}

/** Keeps the stream. For the frame only. */
export const useLiveStream = (isSignedIn: boolean) => {
  const paused = isPaused.use()
  useEffect(() => {
    if (paused || !isSignedIn) return
    let source: EventSource | undefined
    let again: ReturnType<typeof setTimeout> | undefined
    const close = () => {
      clearTimeout(again)
      source?.close()
      source = undefined
    }
    const open = () => {
      close()
      if (document.hidden) return
      source = new EventSource(`${apiPath}/live`, { withCredentials: true })
      source.onopen = () => isConnected.set(true)
      source.onmessage = ({ data }) => {
        const message = messageOf(data)
        if ("consumers" in message) figures.set(message)
      }
      source.onerror = () => {
        close()
        again = setTimeout(open, 2_000)
        void askWhy()
      }
    }
    open()
    document.addEventListener("visibilitychange", open)
    return () => {
      document.removeEventListener("visibilitychange", open)
      close()
    }
  }, [paused, isSignedIn])
}
