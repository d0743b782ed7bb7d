import { ScreenTitle } from "../../parts/Panel.tsx"

const Operations = () => <ScreenTitle title="Operations" />

export default Operations
