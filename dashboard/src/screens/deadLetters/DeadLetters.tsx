import { ScreenTitle } from "../../parts/Panel.tsx"

const DeadLetters = () => <ScreenTitle title="DeadLetters" />

export default DeadLetters
