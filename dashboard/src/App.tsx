/** The page: the frame, and the screen that the address names. */
import { QueryClientProvider } from "@tanstack/react-query"
import { Tooltip } from "radix-ui"
import { Suspense, useEffect } from "react"
import { Link, Route, Router, Switch, useLocation } from "wouter"
import { answers } from "./api/asking.ts"
import { basePath } from "./api/base.ts"
import { signIn } from "./api/session.ts"
import { usePathAsWritten, useSearchAsWritten } from "./frame/address.ts"
import { Boundary } from "./frame/Boundary.tsx"
import { Frame } from "./frame/Frame.tsx"
import { Empty, SkeletonRows } from "./parts/Answers.tsx"
import { type Screen, screens } from "./screens.tsx"

const Shown = ({ screen: { Component, title } }: { readonly screen: Screen }) => {
  useEffect(() => {
    document.title = `${title} · effect-integration`
  }, [title])
  return <Component />
}

const Missing = () => (
  <Empty title="There is no such page">
    <Link href="/" className="text-accent underline">
      To the overview
    </Link>
  </Empty>
)

const Pages = () => {
  const [location] = useLocation()
  return (
    <Boundary key={signIn.useTimesOut()} place={location}>
      <Suspense fallback={<SkeletonRows />}>
        <Switch>
          {screens.map((screen) => (
            <Route key={screen.id} path={new RegExp(`^(?:${screen.paths.map(sourceOf).join("|")})/?$`)}>
              <Shown screen={screen} />
            </Route>
          ))}
          <Route>
            <Missing />
          </Route>
        </Switch>
      </Suspense>
    </Boundary>
  )
}

/** One route for all paths of a screen, so that it stays when a detail opens. */
const sourceOf = (path: string) => path.replace(/:\w+/g, "[^/]+").replace(/\/$/, "")

export const App = () => (
  <QueryClientProvider client={answers}>
    <Tooltip.Provider delayDuration={300}>
      <Router base={basePath} hook={usePathAsWritten} searchHook={useSearchAsWritten}>
        <Frame>
          <Pages />
        </Frame>
      </Router>
    </Tooltip.Provider>
  </QueryClientProvider>
)
