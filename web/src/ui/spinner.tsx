import { LoaderCircle } from "lucide-react";
import { classes } from "@/ui/class-names";

/** Something is under way. With a label it says so to screen readers, too. */
export function Spinner({ label, className }: { label?: string; className?: string }) {
  const icon = <LoaderCircle aria-hidden="true" className={classes("size-4 animate-spin", className)} />;
  if (!label) return icon;
  return (
    <span role="status" className="text-ink-soft inline-flex items-center gap-2 text-sm">
      {icon}
      {label}
    </span>
  );
}
