import type { Device } from "@/protocol/wire";

/** Letters of a device's id that are shown, as the terminal's lists show them. */
const SHORT = 8;

/** The beginning of a device's id; longer where `others` begin alike, so that it says which one is meant. */
export function shortId(deviceId: string, others: readonly string[] = []): string {
  const different = others.filter((other) => other !== deviceId);
  for (let length = SHORT; length < deviceId.length; length++) {
    const start = deviceId.slice(0, length);
    if (!different.some((other) => other.startsWith(start))) return start;
  }
  return deviceId;
}

type Named = Pick<Device, "device_id" | "name">;

/** What tells a device from others of the same name: the beginning of its id, or nothing where its name does. */
export function distinction(device: Named, devices: readonly Named[]): string | null {
  const namesakes = devices.filter((other) => other.name === device.name).map((other) => other.device_id);
  return namesakes.some((id) => id !== device.device_id) ? shortId(device.device_id, namesakes) : null;
}

/** A device's name in one text, for where its id cannot stand beside it. */
export function tellingName(name: string, distinction: string | null): string {
  return distinction === null ? name : `${name} (${distinction})`;
}
