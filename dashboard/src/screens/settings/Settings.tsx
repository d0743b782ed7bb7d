import { ScreenTitle } from "../../parts/Panel.tsx"

const Settings = () => <ScreenTitle title="Settings" />

export default Settings
