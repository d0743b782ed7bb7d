/** Who consumes events, how they are, and one of them in full. */
import { usePlace } from "../../parts/place.ts"
import { ConsumerList } from "./ConsumerList.tsx"
import { OneConsumer } from "./OneConsumer.tsx"

const Consumers = () => {
  const place = usePlace<"consumer">("/consumers/:consumer")
  return place === undefined ? <ConsumerList /> : <OneConsumer key={place.consumer} name={place.consumer} />
}

export default Consumers
