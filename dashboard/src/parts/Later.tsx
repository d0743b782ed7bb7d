/** A part of a screen that is loaded when it is shown first. One that an updated application does not have any more leaves the rest of the screen. */
import { Component, type ReactNode, Suspense } from "react"
import { Outdated } from "../api/loading.ts"
import { Button } from "./Button.tsx"

/** The page has to be loaded again, when whoever is at it wants that. */
export const Newer = () => (
  <div role="alert" className="flex flex-wrap items-center gap-3 rounded-md bg-retrying-soft px-3 py-2">
    <p className="min-w-0 flex-1">
      There is a newer version of this page: the application was updated since it was opened, and this part of it is not
      there any more. What is typed and not sent yet is lost when it is loaded again.
    </p>
    <Button onClick={() => location.reload()}>Load the page again</Button>
  </div>
)

interface Props {
  readonly fallback: ReactNode
  readonly children: ReactNode
}

export class Later extends Component<Props, { readonly error: Error | undefined }> {
  override state = { error: undefined as Error | undefined }

  static getDerivedStateFromError(error: Error) {
    return { error }
  }

  override render() {
    const { error } = this.state
    if (error instanceof Outdated) return <Newer />
    // What else breaks is the screen's.
    if (error !== undefined) throw error
    return <Suspense fallback={this.props.fallback}>{this.props.children}</Suspense>
  }
}
