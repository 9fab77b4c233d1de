import { useAreDevicesKnown, useDevices } from "@/connection/hooks";
import { useCloud } from "@/devices/queries";
import { CLOUD, type Device, type Subtask } from "@/protocol/wire";
import type { Draft } from "./drafts";
import { nextFolder, nextOption, nextShell, nextTarget } from "./target";
import { useDraft } from "./use-outbox";

const SHELL_OF = "wegent.shell.";

/** Where the next message goes and how it runs there, and what there is to choose from. */
export interface Choices {
  /** A device's id or `cloud`; null where there is nowhere to send to. */
  readonly deviceId: string | null;
  /** Null for the cloud, and for a device that is gone. */
  readonly device: Device | null;
  /** The person's own computers. */
  readonly devices: readonly Device[];
  readonly hasCloud: boolean;
  /** False until it is known what there is to choose from. */
  readonly isKnown: boolean;
  readonly shells: readonly string[];
  /** Null: the target's own choice. */
  readonly shell: string | null;
  /** "" is the task's own folder. */
  readonly folder: string;
  readonly model: string;
  readonly permissionMode: string;
  /** Change some of them; null goes back to what would be chosen without. */
  readonly change: (
    changes: Partial<Pick<Draft, "deviceId" | "shell" | "workdir" | "model" | "permissionMode">>,
  ) => void;
}

/** The choices of a conversation's next message: the person's own, else as in its `last` turn, else the usual ones. */
export function useChoices(conversation: string, last: Subtask | null): Choices {
  const devices = useDevices().filter((device) => device.kind === "local");
  const areDevicesKnown = useAreDevicesKnown();
  const cloud = useCloud();
  const [draft, changeDraft] = useDraft(conversation);
  const hasCloud = (cloud.data?.executors ?? 0) > 0;
  const deviceId = nextTarget(draft, last, devices, hasCloud);
  const device = devices.find((one) => one.device_id === deviceId) ?? null;
  const shells = deviceId === CLOUD ? (cloud.data?.shells ?? []) : (device?.shells ?? []);
  return {
    deviceId,
    device,
    devices,
    hasCloud,
    isKnown: areDevicesKnown && !cloud.isPending,
    shells,
    shell: nextShell(draft, last, shells, deviceId === null ? null : localStorage.getItem(SHELL_OF + deviceId)),
    folder: nextFolder(draft, last, device),
    model: nextOption(draft.model, last, "model"),
    permissionMode: nextOption(draft.permissionMode, last, "permission_mode"),
    change: (changes) => {
      if (changes.shell && deviceId !== null) localStorage.setItem(SHELL_OF + deviceId, changes.shell);
      changeDraft(changes);
    },
  };
}
