import { useSubtaskState } from "@/connection/hooks";
import { isSettled } from "@/connection/standings";
import type { State, Subtask } from "@/protocol/wire";

/** How a turn stands now. */
export interface Standing {
  readonly state: State;
  /** `*` until any of the person's devices takes it that has the `labels`. */
  readonly deviceId: string;
  readonly labels: Readonly<Record<string, string>> | null;
  readonly place: number | null;
  readonly waitingReason: string | null;
}

/** How a turn stands: what the socket told last, unless its row says that it is over. */
export function useStanding(turn: Subtask): Standing {
  const live = useSubtaskState(turn.subtask_id);
  const { state, device_id, labels, queue_position, waiting_reason } =
    live === undefined || isSettled(turn.state) ? turn : live;
  return {
    state,
    deviceId: device_id,
    labels: labels ?? null,
    place: queue_position ?? null,
    waitingReason: waiting_reason ?? null,
  };
}
