/** What is around every screen. */
import { useQueryClient } from "@tanstack/react-query"
import { type ReactNode, useEffect, useRef } from "react"
import { useLive, useLiveStream } from "../api/live.ts"
import { signIn } from "../api/session.ts"
import { Notices } from "../parts/notices.tsx"
import { Palette } from "./Palette.tsx"
import { BottomBar, Rail } from "./Rail.tsx"
import { Shortcuts } from "./Shortcuts.tsx"
import { SignIn } from "./SignIn.tsx"
import { TopBar } from "./TopBar.tsx"

/** What is shown is old: said below it, so that nothing moves. */
const Away = ({ isAway }: { readonly isAway: boolean }) => (
  <div role="status" className="fixed inset-x-0 bottom-14 z-40 sm:bottom-0">
    {isAway ? (
      <p className="border-t border-line bg-retrying-soft px-4 py-2">
        <span aria-hidden="true" className="mr-2 text-[10px] text-retrying">
          ▲
        </span>
        The server does not answer. What is shown was true when it last did; the page goes on by itself when it is back.
      </p>
    ) : null}
  </div>
)

/** When the server is back, all that is shown is asked for again. */
const useRefresh = (isAway: boolean) => {
  const client = useQueryClient()
  const wasAway = useRef(false)
  useEffect(() => {
    if (wasAway.current && !isAway) void client.invalidateQueries()
    wasAway.current = isAway
  }, [client, isAway])
}

export const Frame = ({ children }: { readonly children: ReactNode }) => {
  useLiveStream(!signIn.use())
  const isAway = useLive().state === "reconnecting"
  useRefresh(isAway)
  return (
    <>
      <a href="#main" className="sr-only focus:not-sr-only focus:absolute focus:z-50 focus:bg-panel focus:p-2">
        To the content
      </a>
      <TopBar />
      <div className="flex">
        <Rail />
        <main
          id="main"
          tabIndex={-1}
          className={`mx-auto w-full max-w-[1440px] min-w-0 px-3 pt-4 pb-20 outline-none sm:px-5 ${isAway ? "opacity-70" : ""}`}
        >
          {children}
        </main>
      </div>
      <Away isAway={isAway} />
      <BottomBar />
      <Palette />
      <Shortcuts />
      <SignIn />
      <Notices />
    </>
  )
}
