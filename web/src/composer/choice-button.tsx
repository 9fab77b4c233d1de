import { ChevronDown } from "lucide-react";
import type { ComponentProps, ReactNode } from "react";
import { classes } from "@/ui";

interface Props extends Omit<ComponentProps<"button">, "aria-label"> {
  /** What is chosen here, and what: "Shell: Command". */
  label: string;
  icon: ReactNode;
  /** What is chosen, as shown; left out on narrow screens if `isWordHidden`. */
  word?: string | undefined;
  isWordHidden?: boolean;
}

/** Opens one of the choices below the message box. */
export function ChoiceButton({ label, icon, word, isWordHidden = false, className, ...rest }: Props) {
  return (
    <button
      {...rest}
      type="button"
      aria-label={label}
      title={label}
      className={classes(
        "group text-ink-soft hover:bg-raised hover:text-ink inline-flex min-h-9 min-w-9 items-center justify-center gap-1.5",
        "data-[state=open]:bg-raised rounded-lg px-2 text-sm transition-colors max-md:min-h-10 max-md:min-w-10",
        className,
      )}
    >
      <span aria-hidden="true" className="inline-flex">
        {icon}
      </span>
      {word && (
        <span className={classes("max-w-32 min-w-0 truncate", isWordHidden && "max-sm:hidden")}>{word}</span>
      )}
      {word && (
        <ChevronDown
          aria-hidden="true"
          className={classes(
            "size-3.5 shrink-0 transition-transform group-data-[state=open]:rotate-180",
            isWordHidden && "max-sm:hidden",
          )}
        />
      )}
    </button>
  );
}
