import { ScreenTitle } from "../../parts/Panel.tsx"

const Consumers = () => <ScreenTitle title="Consumers" />

export default Consumers
