import { ScreenTitle } from "../../parts/Panel.tsx"

const Processes = () => <ScreenTitle title="Processes" />

export default Processes
