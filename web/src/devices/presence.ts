import type { Device } from "@/protocol/wire";

/** What a device's light says. A device that was cut off is "reconnecting" until its lease ends. */
export type Presence = "online" | "busy" | "offline" | "reconnecting";

export function presenceOf(device: Pick<Device, "status" | "reconnecting">): Presence {
  return device.reconnecting === true ? "reconnecting" : device.status;
}

const ORDER: Record<Presence, number> = { online: 0, busy: 1, reconnecting: 2, offline: 3 };

/** The order of every list of devices: the default first, then those that can work at once, then by name. */
export function compareDevices(one: Device, other: Device): number {
  return (
    Number(other.is_default) - Number(one.is_default) ||
    ORDER[presenceOf(one)] - ORDER[presenceOf(other)] ||
    one.name.localeCompare(other.name) ||
    one.device_id.localeCompare(other.device_id)
  );
}
