import { useTranslation } from "react-i18next";
import type { Slots } from "@/protocol/wire";
import { Badge, classes } from "@/ui";

/** Up to so many slots are drawn one by one; more become one long bar. */
const SEGMENTS = 16;

/** How many of a device's slots are taken, and how many tasks wait for one. */
export function SlotsBar({ slots, queued }: { slots: Slots; queued: number }) {
  const { t } = useTranslation("devices");
  return (
    <div className="grid gap-2">
      <div className="flex min-h-5 items-center justify-between gap-3 text-sm">
        <span className="text-ink tabular-nums">{t("slots", { ...slots })}</span>
        {queued > 0 && <Badge tone="warn">{t("waiting", { count: queued })}</Badge>}
      </div>
      <div aria-hidden="true" className="flex h-1.5 gap-1">
        {slots.total <= SEGMENTS ? <Segments {...slots} /> : <Whole {...slots} />}
      </div>
    </div>
  );
}

function colour({ used, total }: Slots): string {
  return used >= total ? "bg-dot-busy" : "bg-accent";
}

function Segments(slots: Slots) {
  return Array.from({ length: slots.total }, (_, index) => (
    <span
      key={index}
      className={classes(
        "flex-1 rounded-full transition-colors",
        index < slots.used ? colour(slots) : "bg-raised",
      )}
    />
  ));
}

function Whole(slots: Slots) {
  return (
    <span className="bg-raised flex-1 overflow-hidden rounded-full">
      <span
        className={classes("block h-full rounded-full", colour(slots))}
        style={{ width: `${Math.min(100, (100 * slots.used) / slots.total)}%` }}
      />
    </span>
  );
}
