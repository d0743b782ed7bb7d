import { ScreenTitle } from "../../parts/Panel.tsx"

const Doctor = () => <ScreenTitle title="Doctor" />

export default Doctor
