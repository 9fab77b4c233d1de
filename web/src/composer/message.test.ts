import { describe, expect, it } from "vitest";
import type { Device, Subtask } from "@/protocol/wire";
import { EMPTY } from "./drafts";
import { draftOf, messageOf } from "./message";

const device = (device_id: string, shells: string[]): Device => ({
  device_id,
  name: device_id,
  status: "online",
  slots: { used: 0, total: 5 },
  queued: 0,
  running: [],
  is_default: false,
  kind: "local",
  shells,
  folders: [],
  kernels: [],
  labels: {},
  version: "1",
  platform: "linux",
  last_seen: null,
  created_at: "2026-01-01T00:00:00Z",
});
const A = device("a", ["ClaudeCode", "Command"]);
const B = device("b", ["ClaudeCode"]);
const CHOICES = {
  deviceId: "a",
  device: A,
  devices: [A, B],
  hasCloud: false,
  isKnown: true,
  shells: A.shells,
  shell: "ClaudeCode",
  folder: "/work",
  model: "opus",
  permissionMode: "plan",
};
const FILE = { id: "f1", name: "a.txt", media_type: "text/plain", size: 1, expires_at: "2999-01-01T00:00:00Z" };

describe("a message", () => {
  it("says where and how", () => {
    expect(messageOf({ ...EMPTY, text: "hi", files: [FILE] }, CHOICES, "t")).toEqual({
      prompt: "hi",
      task_id: "t",
      device_id: "a",
      shell: "ClaudeCode",
      options: { workdir: "/work", files: ["f1"], model: "opus", permission_mode: "plan" },
    });
  });

  it("has the model's options only where there is a model", () => {
    const message = messageOf({ ...EMPTY, text: "ls" }, { ...CHOICES, shell: "Command", folder: "" }, null);
    expect(message).toEqual({ prompt: "ls", device_id: "a", shell: "Command", options: {} });
  });

  it("keeps its shell elsewhere, and leaves out a folder that only this device has", () => {
    const choices = { ...CHOICES, shell: "Command" };
    const message = messageOf({ ...EMPTY, text: "ls" }, choices, null, { deviceId: "b" });
    expect(message).toEqual({ prompt: "ls", device_id: "b", shell: "Command", options: {} });
  });

  it("can wait for a device", () => {
    expect(messageOf({ ...EMPTY, text: "hi" }, CHOICES, null, { isWaiting: true }).wait).toBe(true);
  });
});

it("a turn becomes a draft again", () => {
  const turn = {
    prompt: "ls",
    device_id: "a",
    shell: "Command",
    options: { workdir: "/work", model: 3 },
  } as unknown as Subtask;
  expect(draftOf(turn)).toEqual({
    text: "ls",
    deviceId: "a",
    shell: "Command",
    workdir: "/work",
    model: "",
    permissionMode: "",
  });
});
