import { useMutation, useMutationState, useQuery } from "@tanstack/react-query";
import { del, get, patch, put } from "@/connection/rest";
import type { Cloud, Device, Subtask } from "@/protocol/wire";

const SET_DEFAULT = ["devices", "default"];

/** Changes arrive by the socket, at most one per 100 ms: until then what was wished is shown. */
const ARRIVAL_MS = 400;

function pathOf(deviceId: string): string {
  return `/devices/${encodeURIComponent(deviceId)}`;
}

/** The operator's pool. It tells of no changes by itself, so it is asked now and then. */
export function useCloud() {
  return useQuery({
    queryKey: ["cloud"],
    queryFn: () => get<Cloud>("/cloud"),
    staleTime: 15_000,
    refetchInterval: 60_000,
  });
}

interface Wish {
  deviceId: string;
  isDefault: boolean;
}

/** Makes a device the default, or no longer. */
export function useSetDefault() {
  return useMutation({
    mutationKey: SET_DEFAULT,
    mutationFn: async ({ deviceId, isDefault }: Wish) => {
      const path = `${pathOf(deviceId)}/default`;
      await (isDefault ? put<Device>(path) : del(path));
      await new Promise((resolve) => setTimeout(resolve, ARRIVAL_MS));
    },
  });
}

/** The devices with the newest wish for a default already granted, so that the star answers at once. */
export function useWithWishedDefault(devices: readonly Device[]): readonly Device[] {
  const wishes = useMutationState({
    filters: { mutationKey: SET_DEFAULT, status: "pending" },
    select: (mutation) => mutation.state.variables as Wish,
  });
  const wish = wishes.at(-1);
  if (!wish) return devices;
  return devices.map((device) => {
    const isWished = device.device_id === wish.deviceId;
    const isDefault = isWished ? wish.isDefault : device.is_default && !wish.isDefault;
    return isDefault === device.is_default ? device : { ...device, is_default: isDefault };
  });
}

export function useRename() {
  return useMutation({
    mutationFn: ({ deviceId, name }: { deviceId: string; name: string }) =>
      patch<Device>(pathOf(deviceId), { name }),
  });
}

export function useDelete() {
  return useMutation({ mutationFn: (deviceId: string) => del(pathOf(deviceId)) });
}

/** A running subtask's row. What is shown of it never changes, so that it is asked for once. */
export function useRunning(subtaskId: string) {
  return useQuery({
    queryKey: ["running", subtaskId],
    queryFn: () => get<Subtask>(`/subtasks/${encodeURIComponent(subtaskId)}`),
    staleTime: Infinity,
  });
}
