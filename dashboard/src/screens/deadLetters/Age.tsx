/** An age in a list: as wide as the longest one, so that columns keep still while it grows. */
import { Ago } from "../../parts/Time.tsx"

export const Age = ({ at }: { readonly at: string }) => (
  <span className="inline-block sm:min-w-[68px]">
    <Ago at={at} />
  </span>
)
