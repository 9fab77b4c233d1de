import { useEffect } from "react";
import { useTaskStates } from "@/connection/hooks";
import { isSettled } from "@/connection/standings";
import { refreshTurn } from "@/conversations/queries";
import type { Subtask } from "@/protocol/wire";

/** Reads a turn again when the socket tells of a state that its row does not have: then it began, or ended. */
export function useFreshTurns(taskId: string, turns: readonly Subtask[] | undefined): void {
  const live = useTaskStates().get(taskId);
  const subtaskId = live?.subtask_id;
  const state = live?.state;
  const known = turns?.find((turn) => turn.subtask_id === subtaskId);
  const isOld =
    turns !== undefined && state !== undefined && known?.state !== state && !(known && isSettled(known.state));
  useEffect(() => {
    if (!isOld || subtaskId === undefined) return;
    refreshTurn({ task_id: taskId, subtask_id: subtaskId }).catch((error: unknown) => {
      // The list itself is read again when the connection is back.
      console.warn("A turn could not be read:", error);
    });
  }, [isOld, taskId, subtaskId, state]);
}

/** The turn to stop and to talk to: the one on its device, else the first that waits. */
export function activeTurn(turns: readonly Subtask[]): Subtask | null {
  const unsettled = turns.filter((turn) => !isSettled(turn.state));
  return unsettled.find((turn) => turn.state !== "queued") ?? unsettled[0] ?? null;
}
