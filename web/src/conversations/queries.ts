/** What this page does to conversations and their turns, beyond reading them. */
import { useMutation } from "@tanstack/react-query";
import { keys, useDeleteTask } from "@/connection/queries";
import { queryClient } from "@/connection/query-client";
import { get, post } from "@/connection/rest";
import { isSettled } from "@/connection/standings";
import type { Subtask, SubtaskList } from "@/protocol/wire";

const STOPPED_WITHIN_MS = 30_000;
const LOOK_EVERY_MS = 500;

/** Read one turn again, after its state changed. */
export async function refreshTurn(turn: Pick<Subtask, "task_id" | "subtask_id">): Promise<void> {
  putTurn(await get<Subtask>(`/subtasks/${encodeURIComponent(turn.subtask_id)}`));
}

/** Put a turn into what is known of its conversation; one that is known and ended stays as it is. */
export function putTurn(turn: Subtask): void {
  queryClient.setQueryData<readonly Subtask[]>(keys.turns(turn.task_id), (turns) => {
    if (turns === undefined) return undefined;
    const index = turns.findIndex((one) => one.subtask_id === turn.subtask_id);
    if (index < 0) return [...turns, turn];
    const known = turns[index];
    return known !== undefined && isSettled(known.state) && !isSettled(turn.state)
      ? turns
      : turns.with(index, turn);
  });
}

/** Stops what has not ended of a conversation, then deletes it. Rejects with `conflict` if it does not end. */
export function useStopAndDelete() {
  const { mutateAsync: del } = useDeleteTask();
  return useMutation({
    mutationFn: async (taskId: string) => {
      await stopAll(taskId);
      await del(taskId);
    },
  });
}

async function stopAll(taskId: string): Promise<void> {
  const cancel = (turn: Subtask) => post(`/subtasks/${encodeURIComponent(turn.subtask_id)}/cancel`);
  await Promise.all((await unsettled(taskId)).map(cancel));
  const deadline = Date.now() + STOPPED_WITHIN_MS;
  while (Date.now() < deadline && (await unsettled(taskId)).length > 0) {
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
  }
}

async function unsettled(taskId: string): Promise<readonly Subtask[]> {
  const found: Subtask[] = [];
  let after = "";
  do {
    const path = `/tasks/${encodeURIComponent(taskId)}/subtasks`;
    const page = await get<SubtaskList>(path, { limit: 200, after });
    found.push(...page.items.filter((turn) => !isSettled(turn.state)));
    after = page.next ?? "";
  } while (after !== "");
  return found;
}
