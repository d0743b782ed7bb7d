import { ScreenTitle } from "../../parts/Panel.tsx"

const Audit = () => <ScreenTitle title="Audit" />

export default Audit
