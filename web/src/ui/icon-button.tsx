import type { ComponentProps, ReactNode } from "react";
import { classes } from "@/ui/class-names";
import { Tooltip } from "@/ui/tooltip";

export interface IconButtonProps extends Omit<ComponentProps<"button">, "aria-label" | "children"> {
  /** What it does, for screen readers and as its tooltip. */
  label: string;
  icon: ReactNode;
  size?: "sm" | "md";
  variant?: "ghost" | "primary" | "danger";
}

const VARIANTS = {
  ghost: "text-ink-soft hover:bg-raised hover:text-ink",
  primary: "bg-accent text-accent-ink hover:opacity-90",
  danger: "text-bad hover:bg-bad-soft",
};

/** A button that is only a picture; its label says what it does. */
export function IconButton({
  label,
  icon,
  size = "md",
  variant = "ghost",
  className,
  type = "button",
  ...rest
}: IconButtonProps) {
  return (
    <Tooltip text={label}>
      <button
        {...rest}
        type={type}
        aria-label={label}
        className={classes(
          "inline-flex shrink-0 items-center justify-center rounded-lg transition-colors",
          "disabled:cursor-not-allowed disabled:opacity-50",
          size === "sm" ? "size-8 max-md:size-10" : "size-10",
          VARIANTS[variant],
          className,
        )}
      >
        <span aria-hidden="true" className="inline-flex">
          {icon}
        </span>
      </button>
    </Tooltip>
  );
}
