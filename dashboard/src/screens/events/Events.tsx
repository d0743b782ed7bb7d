import { ScreenTitle } from "../../parts/Panel.tsx"

const Events = () => <ScreenTitle title="Events" />

export default Events
