import { ScreenTitle } from "../../parts/Panel.tsx"

const Map = () => <ScreenTitle title="Map" />

export default Map
