import { ScreenTitle } from "../../parts/Panel.tsx"

const Links = () => <ScreenTitle title="Links" />

export default Links
