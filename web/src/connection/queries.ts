/** Conversations and their turns as REST gives them, kept up to date by the live socket. */
import {
  useInfiniteQuery,
  useMutation,
  useQuery,
  type InfiniteData,
  type UseInfiniteQueryResult,
  type UseMutationResult,
  type UseQueryResult,
} from "@tanstack/react-query";
import type { ApiError } from "@/connection/errors";
import { queryClient } from "@/connection/query-client";
import { del, get, patch, put } from "@/connection/rest";
import type { Subtask, SubtaskList, Task, TaskList } from "@/protocol/wire";

const PAGE = 50;
const LARGEST_PAGE = 200;

/** The names under which answers are kept. */
export const keys = {
  tasks: (search?: string) => (search === undefined ? ["tasks"] : ["tasks", search]),
  task: (taskId: string) => ["task", taskId],
  turns: (taskId: string) => ["turns", taskId],
};

/** Conversations whose title contains `search`, last used first, page by page. */
export function useTasks(search = ""): UseInfiniteQueryResult<InfiniteData<TaskList>, ApiError> {
  return useInfiniteQuery<TaskList, ApiError, InfiniteData<TaskList>, readonly string[], string>({
    queryKey: keys.tasks(search),
    queryFn: ({ pageParam }) => get<TaskList>("/tasks", { q: search, limit: PAGE, after: pageParam }),
    initialPageParam: "",
    getNextPageParam: (page) => page.next ?? undefined,
  });
}

/** One conversation. */
export function useTask(taskId: string): UseQueryResult<Task, ApiError> {
  return useQuery<Task, ApiError>({ queryKey: keys.task(taskId), queryFn: () => get<Task>(`/tasks/${taskId}`) });
}

/** All turns of a conversation, oldest first. */
export function useTurns(taskId: string): UseQueryResult<readonly Subtask[], ApiError> {
  return useQuery<readonly Subtask[], ApiError>({
    queryKey: keys.turns(taskId),
    queryFn: () => readTurns(taskId),
  });
}

export function useRenameTask(): UseMutationResult<Task, ApiError, { taskId: string; title: string }> {
  return useMutation<Task, ApiError, { taskId: string; title: string }>({
    mutationFn: ({ taskId, title }) => patch<Task>(`/tasks/${taskId}`, { title }),
    onSuccess: (task) => {
      queryClient.setQueryData(keys.task(task.task_id), task);
      return queryClient.invalidateQueries({ queryKey: keys.tasks() });
    },
  });
}

/** Deletes a conversation; refused with `conflict` while one of its turns is not settled. */
export function useDeleteTask(): UseMutationResult<unknown, ApiError, string> {
  return useMutation<unknown, ApiError, string>({
    mutationFn: (taskId) => del(`/tasks/${taskId}`),
    onSuccess: async (_, taskId) => {
      queryClient.removeQueries({ queryKey: keys.turns(taskId) });
      queryClient.removeQueries({ queryKey: keys.task(taskId) });
      await queryClient.invalidateQueries({ queryKey: keys.tasks() });
    },
  });
}

/** Notes that the user has seen what a conversation says. */
export function useMarkSeen(): UseMutationResult<unknown, ApiError, string> {
  return useMutation<unknown, ApiError, string>({
    mutationFn: (taskId) => put(`/tasks/${taskId}/seen`),
    onSuccess: () => queryClient.invalidateQueries({ queryKey: keys.tasks() }),
  });
}

async function readTurns(taskId: string): Promise<readonly Subtask[]> {
  const turns: Subtask[] = [];
  let after = "";
  do {
    const page = await get<SubtaskList>(`/tasks/${taskId}/subtasks`, { limit: LARGEST_PAGE, after });
    turns.push(...page.items);
    after = page.next ?? "";
  } while (after);
  return turns;
}
