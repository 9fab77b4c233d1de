import { useId, type ComponentProps } from "react";
import { classes } from "@/ui/class-names";

export interface TextFieldProps extends ComponentProps<"input"> {
  label: string;
  /** Keeps the label for screen readers only. */
  isLabelHidden?: boolean;
  /** One sentence below it. */
  hint?: string | undefined;
  /** What is wrong with what it holds. */
  error?: string | undefined;
}

/** One line of text with its label. */
export function TextField({ label, isLabelHidden = false, hint, error, className, id, ...rest }: TextFieldProps) {
  const own = useId();
  const field = id ?? own;
  const about = error ?? hint;
  return (
    <div className={classes("flex flex-col gap-1.5", className)}>
      <label htmlFor={field} className={isLabelHidden ? "sr-only" : "text-ink text-sm font-medium"}>
        {label}
      </label>
      <input
        {...rest}
        id={field}
        aria-invalid={error ? true : undefined}
        aria-describedby={about ? `${field}-about` : undefined}
        className={classes(
          "bg-surface text-ink placeholder:text-ink-soft min-h-10 w-full rounded-lg border px-3 text-base md:text-sm",
          "disabled:cursor-not-allowed disabled:opacity-60",
          error ? "border-bad" : "border-line-strong",
        )}
      />
      {about && (
        <p id={`${field}-about`} className={classes("text-sm", error ? "text-bad" : "text-ink-soft")}>
          {about}
        </p>
      )}
    </div>
  );
}
