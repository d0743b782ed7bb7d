/** Buttons: verbs, with counts where there are any. */
import type { ButtonHTMLAttributes, ReactNode } from "react"
import { useForbidden } from "../api/session.ts"
import { Hint } from "./Hint.tsx"

export interface ButtonProps extends ButtonHTMLAttributes<HTMLButtonElement> {
  /** `primary`: what the place is for; `danger`: what cannot be undone; default `plain`. */
  readonly look?: "primary" | "danger" | "plain" | "quiet" | undefined
  /** Only a picture: square, with `aria-label`. */
  readonly isIcon?: boolean | undefined
  /** Why it cannot be pressed; it can still be reached, so that the reason is heard. */
  readonly disabledBecause?: string | undefined
}

const looks = {
  primary: "border-accent-fill bg-accent-fill text-white hover:brightness-110",
  danger: "border-gave-up text-gave-up hover:bg-gave-up-soft",
  plain: "border-line bg-panel hover:bg-hover",
  quiet: "border-transparent hover:bg-hover"
}

export const Button = ({
  className = "",
  disabledBecause,
  isIcon = false,
  look = "plain",
  onClick,
  ...rest
}: ButtonProps) => {
  const isOff = disabledBecause !== undefined
  const button = (
    <button
      type="button"
      {...rest}
      aria-disabled={isOff || rest.disabled ? true : undefined}
      onClick={isOff ? (event) => event.preventDefault() : onClick}
      className={`inline-flex h-8 shrink-0 items-center justify-center gap-1.5 rounded-md border text-base whitespace-nowrap select-none disabled:opacity-50 aria-disabled:cursor-not-allowed aria-disabled:opacity-50 ${isIcon ? "w-8" : "px-3"} ${looks[look]} ${className}`}
    />
  )
  return isOff ? <Hint text={disabledBecause}>{button}</Hint> : button
}

/** A button for an action of the administration: off, with the reason, for whoever may not do it. */
export const ActionButton = ({
  action,
  disabledBecause,
  ...rest
}: ButtonProps & { readonly action: string; readonly children: ReactNode }) => {
  const forbidden = useForbidden(action)
  return <Button {...rest} disabledBecause={forbidden ?? disabledBecause} />
}
