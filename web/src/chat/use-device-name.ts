import { useTranslation } from "react-i18next";
import { useDevices } from "@/connection/hooks";
import { distinction } from "@/devices/short-id";
import { ANY, CLOUD } from "@/protocol/wire";

type Labels = Readonly<Record<string, string>> | null;

/** A function that names a device for people; of two with one name each gets the beginning of its id, too. */
export function useDeviceName(): (deviceId: string, labels: Labels) => string {
  const { t } = useTranslation("chat");
  // The cloud's own executors are one pool to those who send: none of them is a namesake.
  const devices = useDevices().filter((device) => device.kind === "local");
  return (deviceId, labels) => {
    if (deviceId === CLOUD) return t("turn.cloud");
    if (deviceId === ANY) {
      const wanted = Object.entries(labels ?? {}).map(([name, value]) => `${name}=${value}`);
      return wanted.length === 0 ? t("turn.any") : t("turn.anyWith", { labels: wanted.join(", ") });
    }
    const device = devices.find((one) => one.device_id === deviceId);
    if (device === undefined) return t("turn.gone");
    const short = distinction(device, devices);
    return short === null ? device.name : `${device.name} (${short})`;
  };
}
