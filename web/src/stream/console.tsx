/** A dark box that looks like a terminal. */
import type { ReactNode } from "react";
import { ScrollBox } from "@/stream/scroll-box";
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
    <ScrollBox
      as="pre"
      label={label}
      className={classes(
        "bg-terminal text-terminal-ink ansi px-4 py-3 font-mono text-xs/5",
        isWrapped ? "break-all whitespace-pre-wrap" : "whitespace-pre",
        className,
      )}
    >
      {children}
    </ScrollBox>
  );
}
