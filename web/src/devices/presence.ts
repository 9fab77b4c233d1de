import type { Device } from "@/protocol/wire";

/** What a device's light says. A device that was cut off is "reconnecting" until its lease ends. */
export type Presence = "online" | "busy" | "offline" | "reconnecting";

export function presenceOf(device: Pick<Device, "status" | "reconnecting">): Presence {
  return device.reconnecting === true ? "reconnecting" : device.status;
}
