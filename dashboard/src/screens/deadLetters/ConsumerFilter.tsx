/** Of which consumer. */
import { useAsk } from "../../api/asking.ts"
import { Choose } from "../../parts/Field.tsx"
import { useParam } from "../../parts/params.ts"

export const ConsumerFilter = () => {
  const [consumer, setConsumer] = useParam("consumer")
  const names = useAsk("/consumers", {}, { every: false }).data?.map((each) => each.consumer) ?? []
  const all = consumer === undefined || names.includes(consumer) ? names : [consumer, ...names]
  return (
    <Choose
      label="Consumer"
      value={consumer ?? ""}
      onChange={(value) => setConsumer(value === "" ? undefined : value)}
      choices={[{ value: "", label: "All consumers" }, ...all.map((value) => ({ value, label: value }))]}
    />
  )
}
