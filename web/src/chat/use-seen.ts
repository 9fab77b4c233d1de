import { useEffect, useSyncExternalStore } from "react";
import { useMarkSeen } from "@/connection/queries";
import type { Task } from "@/protocol/wire";

/** Notes that a conversation was seen, once it is open in a tab that is in front. */
export function useSeen(task: Task | undefined): void {
  const { mutate } = useMarkSeen();
  const isVisible = useSyncExternalStore(watchVisibility, () => !document.hidden);
  const taskId = task?.task_id;
  const isUnread = task?.unread ?? false;
  const updated = task?.updated_at;
  useEffect(() => {
    if (isVisible && isUnread && taskId !== undefined) mutate(taskId);
  }, [isVisible, isUnread, taskId, updated, mutate]);
}

function watchVisibility(listener: () => void): () => void {
  document.addEventListener("visibilitychange", listener);
  return () => document.removeEventListener("visibilitychange", listener);
}
