/** The operation that was begun here, as it goes on. */
import { X } from "lucide-react"
import { Button } from "../../parts/Button.tsx"
import { useParam } from "../../parts/params.ts"
import { OperationProgress } from "../operations/OperationProgress.tsx"

export const Started = () => {
  const [operation, setOperation] = useParam("operation")
  return operation === undefined ? null : (
    <section aria-label="Operation" className="my-3 rounded-md border border-line bg-panel px-4 py-3">
      <OperationProgress
        key={operation}
        id={operation}
        actions={
          <Button
            look="quiet"
            isIcon
            aria-label="Do not show this operation here"
            onClick={() => setOperation(undefined)}
          >
            <X size={16} aria-hidden="true" />
          </Button>
        }
      />
    </section>
  )
}
