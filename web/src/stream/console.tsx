/** A dark box that looks like a terminal. */
import type { ReactNode } from "react";
import { classes } from "@/ui";

interface ConsoleProps {
  label: string;
  /** Lines are broken where the box ends; else it scrolls sideways. */
  isWrapped?: boolean;
  className?: string;
  children: ReactNode;
}

export function Console({ label, isWrapped = true, className, children }: ConsoleProps) {
  return (
    <pre
      role="group"
      aria-label={label}
      // What scrolls must be reachable by keyboard.
      // eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex
      tabIndex={0}
      className={classes(
        "bg-terminal text-terminal-ink ansi scroll-inside px-4 py-3 font-mono text-xs/5",
        isWrapped ? "break-words whitespace-pre-wrap" : "whitespace-pre",
        className,
      )}
    >
      {children}
    </pre>
  );
}
