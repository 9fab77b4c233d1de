import { afterEach, expect, test, vi } from "vitest";
import { LiveDevices } from "@/connection/device-list";
import type { DeviceState } from "@/protocol/wire";

function device(device_id: string, rev: number, more: Partial<DeviceState> = {}): DeviceState {
  return {
    device_id,
    name: device_id,
    status: "online",
    slots: { used: 0, total: 5 },
    queued: 0,
    running: [],
    is_default: false,
    kind: "local",
    shells: [],
    folders: [],
    kernels: [],
    labels: {},
    version: "",
    platform: "",
    last_seen: null,
    created_at: "",
    rev,
    ...more,
  };
}

function ids(devices: LiveDevices): string[] {
  return devices.list.map((one) => one.device_id);
}

afterEach(() => {
  vi.unstubAllGlobals();
});

test("the default one is first, then online, busy and offline ones by name", () => {
  const devices = new LiveDevices();
  devices.take(device("off", 1, { status: "offline" }));
  devices.take(device("b", 1));
  devices.take(device("busy", 1, { status: "busy" }));
  devices.take(device("a", 1));
  devices.take(device("mine", 1, { status: "offline", is_default: true }));
  expect(ids(devices)).toEqual(["mine", "a", "b", "busy", "off"]);
});

test("older news is dropped, also of a device that was removed", () => {
  const devices = new LiveDevices();
  devices.take(device("a", 3, { removed: true }));
  devices.take(device("a", 2));
  expect(ids(devices)).toEqual([]);
  devices.take(device("a", 4));
  expect(ids(devices)).toEqual(["a"]);
});

test("what was deleted while the connection was away is gone after it", async () => {
  const devices = new LiveDevices();
  devices.take(device("stays", 1));
  devices.take(device("gone", 1));
  vi.stubGlobal("fetch", () => Promise.resolve(Response.json({ items: [device("stays", 0), device("new", 0)] })));
  expect(devices.areKnown).toBe(false);
  await devices.compare();
  expect(ids(devices)).toEqual(["new", "stays"]);
  expect(devices.areKnown).toBe(true);
});
