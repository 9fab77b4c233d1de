import type { Device } from "@/protocol/wire";

/**
 * What a device's light says. A device that was cut off is "reconnecting" until its lease ends; one that its owner
 * has paused takes nothing new.
 */
export type Presence = "online" | "busy" | "offline" | "reconnecting" | "paused";

export function presenceOf(device: Pick<Device, "status" | "reconnecting" | "paused">): Presence {
  if (device.reconnecting === true) return "reconnecting";
  return device.paused === true && device.status !== "offline" ? "paused" : device.status;
}
