import type { ComponentProps, ReactNode } from "react";
import { classes } from "@/ui/class-names";
import { Spinner } from "@/ui/spinner";

export type ButtonVariant = "primary" | "secondary" | "ghost" | "danger";

const VARIANTS: Record<ButtonVariant, string> = {
  primary: "bg-accent text-accent-ink hover:opacity-90",
  secondary: "border border-line bg-surface text-ink hover:bg-raised",
  ghost: "text-ink-soft hover:bg-raised hover:text-ink",
  danger: "border border-line bg-surface text-bad hover:bg-bad-soft",
};
const SIZES = {
  sm: "min-h-8 px-3 text-sm max-md:min-h-10",
  md: "min-h-10 px-4 text-sm",
};

export interface ButtonProps extends ComponentProps<"button"> {
  variant?: ButtonVariant;
  size?: keyof typeof SIZES;
  /** Shown before the words; it says nothing to screen readers. */
  icon?: ReactNode;
  /** Shows that the button's work is under way, and refuses further clicks. */
  isBusy?: boolean;
}

/** A button with words. */
export function Button({
  variant = "secondary",
  size = "md",
  icon,
  isBusy = false,
  className,
  children,
  disabled,
  type = "button",
  ...rest
}: ButtonProps) {
  return (
    <button
      {...rest}
      type={type}
      disabled={disabled || isBusy}
      aria-busy={isBusy || undefined}
      className={classes(
        "inline-flex shrink-0 items-center justify-center gap-2 rounded-lg font-medium whitespace-nowrap transition-colors",
        "disabled:cursor-not-allowed disabled:opacity-50",
        SIZES[size],
        VARIANTS[variant],
        className,
      )}
    >
      {isBusy ? (
        <Spinner />
      ) : (
        icon && (
          <span aria-hidden="true" className="inline-flex">
            {icon}
          </span>
        )
      )}
      {children}
    </button>
  );
}
