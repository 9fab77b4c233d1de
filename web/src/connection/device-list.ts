/** The user's devices, live. */
import { Listeners } from "@/connection/listeners";
import { get } from "@/connection/rest";
import type { Device, DeviceList, DeviceState } from "@/protocol/wire";

const RANK = { online: 0, busy: 1, offline: 2 };

export class LiveDevices {
  readonly listeners = new Listeners();
  /** The default one first, then by status and name. */
  list: readonly Device[] = [];
  /** Whether all devices are here: an empty list means that there is none. */
  areKnown = false;
  private readonly byId = new Map<string, DeviceState>();
  private told = new Set<string>();

  /** Take what the socket says; what is older than what was seen is dropped. */
  take(device: DeviceState): void {
    this.told.add(device.device_id);
    const known = this.byId.get(device.device_id);
    if (known && known.rev > device.rev) return;
    this.byId.set(device.device_id, device);
    this.show();
  }

  /** On a new connection: the socket tells all devices that there are, but not those that went meanwhile. */
  async compare(): Promise<void> {
    this.told = new Set();
    const listed = await readDevices();
    const ids = new Set(listed.map((device) => device.device_id));
    for (const device of listed) {
      if (!this.byId.has(device.device_id)) this.byId.set(device.device_id, { ...device, rev: 0 });
    }
    for (const [id, device] of this.byId) {
      if (!ids.has(id) && !this.told.has(id)) this.byId.set(id, { ...device, removed: true });
    }
    this.areKnown = true;
    this.show();
  }

  clear(): void {
    this.byId.clear();
    this.areKnown = false;
    this.show();
  }

  private show(): void {
    this.list = [...this.byId.values()].filter((device) => !device.removed).sort(compareDevices);
    this.listeners.tell();
  }
}

function compareDevices(one: Device, other: Device): number {
  return (
    Number(other.is_default) - Number(one.is_default) ||
    RANK[one.status] - RANK[other.status] ||
    one.name.localeCompare(other.name) ||
    one.device_id.localeCompare(other.device_id)
  );
}

async function readDevices(): Promise<readonly Device[]> {
  const devices: Device[] = [];
  let after = "";
  do {
    const page = await get<DeviceList>("/devices", { limit: 200, after });
    devices.push(...page.items);
    after = page.next ?? "";
  } while (after);
  return devices;
}
