import type { ReactNode } from "react";
import { classes } from "@/ui/class-names";

export type BadgeTone = "neutral" | "accent" | "good" | "warn" | "bad";

const TONES: Record<BadgeTone, string> = {
  neutral: "bg-raised text-ink-soft",
  accent: "bg-accent-soft text-accent-text",
  good: "bg-good-soft text-good",
  warn: "bg-warn-soft text-warn",
  bad: "bg-bad-soft text-bad",
};

/** A short word about something's state. */
export function Badge(props: { tone?: BadgeTone; icon?: ReactNode; children: ReactNode; className?: string }) {
  return (
    <span
      className={classes(
        "inline-flex items-center gap-1.5 rounded-full px-2 py-0.5 text-xs font-medium whitespace-nowrap",
        TONES[props.tone ?? "neutral"],
        props.className,
      )}
    >
      {props.icon && (
        <span aria-hidden="true" className="inline-flex">
          {props.icon}
        </span>
      )}
      {props.children}
    </span>
  );
}
