import { useTranslation } from "react-i18next";
import type { Device } from "@/protocol/wire";
import { classes } from "@/ui";

const KNOWN = ["cpu", "memory", "gpu"] as const;

/** From this share on a meter warns. */
const HIGH = 0.9;

/** How busy the computer is, as its last heartbeat told; `cpu` is the load per core and may exceed 1. */
export function LoadMeters({ load }: { load: NonNullable<Device["load"]> }) {
  const { t } = useTranslation("devices");
  const told = KNOWN.flatMap((name) => (load[name] === undefined ? [] : [{ name, share: load[name] }]));
  if (told.length === 0) return <p className="text-ink-soft text-sm">{t("card.noLoad")}</p>;
  return (
    <div className="grid grid-cols-2 gap-x-6 gap-y-3">
      {told.map(({ name, share }) => (
        <Meter key={name} label={t(`card.${name}`)} share={share} />
      ))}
    </div>
  );
}

function Meter({ label, share }: { label: string; share: number }) {
  const { t } = useTranslation("devices");
  const percent = Math.round(share * 100);
  const width = Math.min(100, Math.max(0, percent));
  return (
    <div className="grid gap-1.5">
      <div className="text-ink-soft flex justify-between gap-2 text-xs">
        <span>{label}</span>
        <span className="text-ink tabular-nums">{percent} %</span>
      </div>
      <div
        role="meter"
        aria-label={label}
        aria-valuemin={0}
        aria-valuemax={100}
        aria-valuenow={width}
        aria-valuetext={t("card.load", { name: label, percent })}
        className="bg-raised h-1.5 overflow-hidden rounded-full"
      >
        <span
          className={classes(
            "block h-full rounded-full transition-[width] duration-500",
            share >= HIGH ? "bg-dot-busy" : "bg-accent",
          )}
          style={{ width: `${width}%` }}
        />
      </div>
    </div>
  );
}
