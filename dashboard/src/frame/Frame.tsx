/** What is around every screen. */
import type { ReactNode } from "react"
import { useLive, useLiveStream } from "../api/live.ts"
import { signIn } from "../api/session.ts"
import { Notices } from "../parts/notices.tsx"
import { Palette } from "./Palette.tsx"
import { BottomBar, Rail } from "./Rail.tsx"
import { Shortcuts } from "./Shortcuts.tsx"
import { SignIn } from "./SignIn.tsx"
import { TopBar } from "./TopBar.tsx"

export const Frame = ({ children }: { readonly children: ReactNode }) => {
  useLiveStream(!signIn.use())
  const { state } = useLive()
  return (
    <>
      <a href="#main" className="sr-only focus:not-sr-only focus:absolute focus:z-50 focus:bg-panel focus:p-2">
        To the content
      </a>
      <TopBar />
      {state === "reconnecting" ? (
        <p role="status" className="border-b border-line bg-retrying-soft px-4 py-1.5">
          The server does not answer. What is shown was true when it last did; the page goes on by itself when it is
          back.
        </p>
      ) : null}
      <div className="flex">
        <Rail />
        <main
          id="main"
          tabIndex={-1}
          className="mx-auto w-full max-w-[1440px] min-w-0 px-3 pt-4 pb-20 outline-none sm:px-5"
        >
          {children}
        </main>
      </div>
      <BottomBar />
      <Palette />
      <Shortcuts />
      <SignIn />
      <Notices />
    </>
  )
}
