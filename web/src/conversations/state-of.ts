import type { State, SubtaskState, Task } from "@/protocol/wire";
import { isSettled } from "@/connection/standings";

/** What a list says of a conversation. */
export type Mark = "asking" | "running" | "queued" | "failed" | "unread" | null;

/** How a conversation's newest turn stands: as the socket told, unless what REST gave is later in its life. */
export function stateOf(task: Task, live: SubtaskState | undefined): State | null {
  const last = task.last_subtask;
  if (live === undefined) return last?.state ?? null;
  if (last !== null && last.subtask_id === live.subtask_id && isSettled(last.state)) return last.state;
  return live.state;
}

/**
 * The mark of a conversation. Something unread in one whose turn runs is a question that waits for an answer (or
 * that an earlier turn of it has ended since).
 */
export function markOf(task: Task, live: SubtaskState | undefined): Mark {
  const state = stateOf(task, live);
  const isUnread = task.unread ?? false;
  if (state === "running" && isUnread) return "asking";
  if (state === "running" || state === "cancelling" || state === "offered") return "running";
  if (state === "queued") return "queued";
  if (state === "failed" && isUnread) return "failed";
  return isUnread ? "unread" : null;
}
