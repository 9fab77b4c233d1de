/** Reading again by REST what the live socket says has changed; several changes at once are read once. */
import { keys } from "@/connection/queries";
import { queryClient } from "@/connection/query-client";
import type { TaskChanged } from "@/protocol/wire";

const WAIT_MS = 200;

let waiting: ReturnType<typeof setTimeout> | undefined;
const changed = new Set<string>();

/** A conversation, or one of its turns, changed. */
export function refreshTask(change: TaskChanged): void {
  if (change.removed) {
    queryClient.removeQueries({ queryKey: keys.turns(change.task_id), type: "inactive" });
    queryClient.removeQueries({ queryKey: keys.task(change.task_id), type: "inactive" });
  }
  changed.add(change.task_id);
  waiting ??= setTimeout(refreshNow, WAIT_MS);
}

/** Anything may have changed: the connection was away. */
export function refreshAll(): void {
  void queryClient.invalidateQueries();
}

function refreshNow(): void {
  waiting = undefined;
  void queryClient.invalidateQueries({ queryKey: keys.tasks() });
  for (const taskId of changed) {
    void queryClient.invalidateQueries({ queryKey: keys.task(taskId) });
    void queryClient.invalidateQueries({ queryKey: keys.turns(taskId) });
  }
  changed.clear();
}
