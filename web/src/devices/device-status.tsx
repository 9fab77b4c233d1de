import { useTranslation } from "react-i18next";
import type { Device } from "@/protocol/wire";
import { presenceOf } from "./presence";
import { PresenceDot } from "./presence-dot";

interface Props {
  device: Pick<Device, "status" | "reconnecting" | "paused">;
  /** Shows the light alone; the word is still there for those who do not see it, and on hovering. */
  compact?: boolean;
}

/** Whether a device is there and has room. */
export function DeviceStatus({ device, compact = false }: Props) {
  const { t } = useTranslation("devices");
  const presence = presenceOf(device);
  return (
    <span
      className="text-ink-soft inline-flex items-center gap-1.5 text-sm whitespace-nowrap"
      title={t(`statusMeaning.${presence}`)}
    >
      <PresenceDot presence={presence} />
      <span className={compact ? "sr-only" : ""}>{t(`status.${presence}`)}</span>
    </span>
  );
}
