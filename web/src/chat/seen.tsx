import { useEffect, useSyncExternalStore } from "react";
import { useTurn } from "@/connection/hooks";
import { useMarkSeen } from "@/connection/queries";
import type { Subtask, Task } from "@/protocol/wire";
import { openQuestion } from "./open-question";

/**
 * Notes that a conversation was seen, once it is open in a tab that is in front.
 *
 * While its `active` turn waits for an answer it stays unread: that is what marks it in every list until somebody
 * has answered.
 */
export function Seen({ task, active }: { task: Task; active: Subtask | null }) {
  return active === null ? <MarkSeen task={task} /> : <MarkUnlessAsking task={task} active={active} />;
}

function MarkUnlessAsking({ task, active }: { task: Task; active: Subtask }) {
  const { transcript, isCaughtUp, done } = useTurn(active.subtask_id);
  const isAsking = done === null && openQuestion(transcript) !== null;
  return isCaughtUp && !isAsking ? <MarkSeen task={task} /> : null;
}

function MarkSeen({ task }: { task: Task }) {
  const { mutate } = useMarkSeen();
  const isVisible = useSyncExternalStore(watchVisibility, () => !document.hidden);
  const { task_id: taskId, unread: isUnread = false, updated_at: updatedAt } = task;
  useEffect(() => {
    if (isVisible && isUnread) mutate(taskId);
  }, [isVisible, isUnread, taskId, updatedAt, mutate]);
  return null;
}

function watchVisibility(listener: () => void): () => void {
  document.addEventListener("visibilitychange", listener);
  return () => document.removeEventListener("visibilitychange", listener);
}
