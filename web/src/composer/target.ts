/** Where a message goes, and how it is to run there: what is chosen when the person has chosen nothing. */
import { CLOUD, type Device, type Subtask } from "@/protocol/wire";
import type { Draft } from "./drafts";

/** The shell that the server takes when none is named. */
export const DEFAULT_SHELL = "ClaudeCode";

/**
 * The device that a new conversation begins with: the default one, else the only one that is online, else the cloud,
 * else the first that is online. Null: there is nowhere to send to.
 *
 * `devices` are the person's own, as the picker orders them.
 */
export function firstTarget(devices: readonly Device[], hasCloud: boolean): string | null {
  const chosen = devices.find((device) => device.is_default);
  if (chosen !== undefined) return chosen.device_id;
  const online = devices.filter((device) => device.status !== "offline");
  if (online.length === 1) return online[0]?.device_id ?? null;
  if (hasCloud) return CLOUD;
  return (online[0] ?? devices[0])?.device_id ?? null;
}

/** The device of the next message: as chosen, else where the last turn went, else as for a new conversation. */
export function nextTarget(
  draft: Draft,
  last: Subtask | null,
  devices: readonly Device[],
  hasCloud: boolean,
): string | null {
  const isThere = (id: string): boolean => id === CLOUD || devices.some((device) => device.device_id === id);
  if (draft.deviceId !== null && isThere(draft.deviceId)) return draft.deviceId;
  if (last !== null && isThere(last.device_id)) return last.device_id;
  return firstTarget(devices, hasCloud);
}

/** The shell of the next message, or null where the target offers none that is known. */
export function nextShell(
  draft: Draft,
  last: Subtask | null,
  shells: readonly string[],
  remembered: string | null,
) {
  const wanted = [draft.shell, last?.shell ?? null, remembered, DEFAULT_SHELL];
  return wanted.find((shell) => shell !== null && shells.includes(shell)) ?? shells[0] ?? null;
}

/** The folder of the next message: as chosen, else the last turn's if it ran on the same device. "": the task's own. */
export function nextFolder(draft: Draft, last: Subtask | null, device: Device | null): string {
  if (draft.workdir !== null && isOffered(draft.workdir, device)) return draft.workdir;
  if (draft.workdir !== null || last === null || device?.device_id !== last.device_id) return "";
  const before = last.options?.["workdir"];
  return typeof before === "string" && isOffered(before, device) ? before : "";
}

/** Whether a device offers a folder: it is one of those listed or lies in one, and no ".." leads out of it. */
export function isOffered(folder: string, device: Device | null): boolean {
  if (folder === "") return true;
  const path = withSlash(folder);
  if (path.includes("/../")) return false;
  return device?.folders.some((offered) => path.startsWith(withSlash(offered))) ?? false;
}

function withSlash(path: string): string {
  return path.replace(/[\\/]+/g, "/").replace(/\/$/, "") + "/";
}

/** An option (`model`, `permission_mode`) of the next message: as chosen, else as in the last turn. */
export function nextOption(chosen: string | null, last: Subtask | null, name: string): string {
  if (chosen !== null) return chosen;
  const before = last?.options?.[name];
  return typeof before === "string" ? before : "";
}
