import { describe, expect, it } from "vitest";
import type { Device, Subtask } from "@/protocol/wire";
import { EMPTY } from "./drafts";
import { firstTarget, isOffered, nextFolder, nextOption, nextShell, nextTarget } from "./target";

function device(id: string, changes: Partial<Device> = {}): Device {
  return {
    device_id: id,
    name: id,
    status: "online",
    reconnecting: false,
    slots: { used: 0, total: 5 },
    queued: 0,
    running: [],
    is_default: false,
    kind: "local",
    shells: ["ClaudeCode"],
    folders: [],
    kernels: [],
    labels: {},
    load: {},
    version: "1",
    platform: "linux",
    last_seen: null,
    created_at: "2026-01-01T00:00:00Z",
    ...changes,
  };
}

const LAST: Subtask = {
  subtask_id: "s",
  task_id: "t",
  state: "completed",
  attempt: 1,
  device_id: "b",
  shell: "Command",
  prompt: "ls",
  options: { workdir: "/work/app", model: "opus" },
  queue_position: null,
  waiting_reason: null,
  seq: 1,
  error: null,
  result: null,
  created_at: "2026-01-01T00:00:00Z",
  started_at: null,
  ended_at: null,
};

describe("a new conversation goes to", () => {
  it("the default device, also when it is offline", () => {
    const devices = [device("a"), device("b", { is_default: true, status: "offline" })];
    expect(firstTarget(devices, true)).toBe("b");
  });

  it("the only one that is online", () => {
    expect(firstTarget([device("a", { status: "offline" }), device("b", { status: "busy" })], true)).toBe("b");
  });

  it("the cloud, when several or none are online", () => {
    expect(firstTarget([device("a"), device("b")], true)).toBe("cloud");
    expect(firstTarget([device("a", { status: "offline" })], true)).toBe("cloud");
    expect(firstTarget([], true)).toBe("cloud");
  });

  it("the first online one where there is no cloud, else the first of all, else nowhere", () => {
    expect(firstTarget([device("a"), device("b")], false)).toBe("a");
    expect(firstTarget([device("a", { status: "offline" })], false)).toBe("a");
    expect(firstTarget([], false)).toBeNull();
  });
});

describe("the next message goes to", () => {
  const devices = [device("a", { is_default: true }), device("b")];

  it("where it was sent last, unless something else was chosen", () => {
    expect(nextTarget(EMPTY, LAST, devices, true)).toBe("b");
    expect(nextTarget({ ...EMPTY, deviceId: "cloud" }, LAST, devices, true)).toBe("cloud");
  });

  it("the default when that device is gone", () => {
    expect(nextTarget({ ...EMPTY, deviceId: "gone" }, { ...LAST, device_id: "gone" }, devices, true)).toBe("a");
  });
});

describe("the shell", () => {
  const shells = ["ClaudeCode", "Command", "Python"];

  it("is the chosen one, the last one, the remembered one, the usual one", () => {
    expect(nextShell({ ...EMPTY, shell: "Python" }, LAST, shells, null)).toBe("Python");
    expect(nextShell(EMPTY, LAST, shells, "Python")).toBe("Command");
    expect(nextShell(EMPTY, null, shells, "Python")).toBe("Python");
    expect(nextShell(EMPTY, null, shells, null)).toBe("ClaudeCode");
  });

  it("is one that the device offers", () => {
    expect(nextShell({ ...EMPTY, shell: "Notebook" }, LAST, ["Python"], "Command")).toBe("Python");
    expect(nextShell(EMPTY, LAST, [], null)).toBeNull();
  });
});

describe("the folder", () => {
  const b = device("b", { folders: ["/work", "C:\\code"] });

  it("stays while the device stays", () => {
    expect(nextFolder(EMPTY, LAST, b)).toBe("/work/app");
    expect(nextFolder({ ...EMPTY, workdir: "" }, LAST, b)).toBe("");
    expect(nextFolder(EMPTY, LAST, device("a", { folders: ["/work"] }))).toBe("");
    expect(nextFolder({ ...EMPTY, workdir: "/etc" }, LAST, b)).toBe("");
  });

  it("lies in one that the device offers", () => {
    expect(isOffered("", null)).toBe(true);
    expect(isOffered("/work", b)).toBe(true);
    expect(isOffered("/work/deep/er/", b)).toBe(true);
    expect(isOffered("C:\\code\\x", b)).toBe(true);
    expect(isOffered("/workshop", b)).toBe(false);
    expect(isOffered("/work/../etc", b)).toBe(false);
  });
});

it("an option stays as it was until it is changed", () => {
  expect(nextOption(null, LAST, "model")).toBe("opus");
  expect(nextOption("", LAST, "model")).toBe("");
  expect(nextOption("haiku", LAST, "model")).toBe("haiku");
  expect(nextOption(null, null, "model")).toBe("");
});
