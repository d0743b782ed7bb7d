import { ScreenTitle } from "../../parts/Panel.tsx"

const Contracts = () => <ScreenTitle title="Contracts" />

export default Contracts
