import type { Subtask } from "@/protocol/wire";
import type { Draft } from "./drafts";
import type { Message } from "./outbox";
import { DEFAULT_SHELL } from "./target";
import type { Choices } from "./use-choices";

/** The message that a draft and its choices make; `taskId` is null for the first one of a conversation. */
export function messageOf(
  draft: Draft,
  choices: Omit<Choices, "change">,
  taskId: string | null,
  way: { readonly deviceId?: string; readonly isWaiting?: boolean } = {},
): Message {
  const deviceId = way.deviceId ?? choices.deviceId;
  const isElsewhere = deviceId !== choices.deviceId;
  return {
    prompt: draft.text,
    ...(taskId === null ? {} : { task_id: taskId }),
    ...(deviceId === null ? {} : { device_id: deviceId }),
    // Also elsewhere: what was meant for one shell is not for another to guess at. A device without it refuses.
    ...(choices.shell === null ? {} : { shell: choices.shell }),
    ...(way.isWaiting === true ? { wait: true } : {}),
    options: optionsOf(draft, choices, isElsewhere),
  };
}

function optionsOf(draft: Draft, choices: Omit<Choices, "change">, isElsewhere: boolean): Record<string, unknown> {
  const options: Record<string, unknown> = {};
  if (choices.folder !== "" && !isElsewhere) options["workdir"] = choices.folder;
  if (draft.files.length > 0) options["files"] = draft.files.map((file) => file.id);
  if (choices.shell === null || choices.shell === DEFAULT_SHELL) {
    if (choices.model !== "") options["model"] = choices.model;
    if (choices.permissionMode !== "") options["permission_mode"] = choices.permissionMode;
  }
  return options;
}

/** The draft that sends a turn once more as it was, for somebody to change. Its files may be gone by now. */
export function draftOf(turn: Subtask): Omit<Draft, "files"> {
  const option = (name: string): string => {
    const value = turn.options?.[name];
    return typeof value === "string" ? value : "";
  };
  return {
    text: turn.prompt,
    deviceId: turn.device_id,
    shell: turn.shell,
    workdir: option("workdir"),
    model: option("model"),
    permissionMode: option("permission_mode"),
  };
}
