import { ScreenTitle } from "../../parts/Panel.tsx"

const Overview = () => <ScreenTitle title="Overview" />

export default Overview
