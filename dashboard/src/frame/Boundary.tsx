/** A screen that breaks leaves the frame, and says so. */
import { Component, type ReactNode } from "react"
import { Outdated } from "../api/loading.ts"
import { Empty } from "../parts/Answers.tsx"
import { Button } from "../parts/Button.tsx"
import { Newer } from "../parts/Later.tsx"

interface Props {
  /** Another one begins anew. */
  readonly place: string
  readonly children: ReactNode
}

export class Boundary extends Component<Props, { readonly error: Error | undefined; readonly place: string }> {
  override state = { error: undefined as Error | undefined, place: this.props.place }

  static getDerivedStateFromError(error: Error) {
    return { error }
  }

  static getDerivedStateFromProps({ place }: Props, state: { readonly place: string }) {
    return place === state.place ? null : { error: undefined, place }
  }

  override render() {
    const { error } = this.state
    if (error === undefined) return this.props.children
    if (error instanceof Outdated) return <Newer />
    return (
      <Empty title="This screen broke">
        <p className="mb-3">{error.message}. Nothing was changed by it.</p>
        <Button onClick={() => location.reload()}>Reload</Button>
      </Empty>
    )
  }
}
