/** How the user's turns stand, live. */
import { ApiError } from "@/connection/errors";
import { Listeners } from "@/connection/listeners";
import { get } from "@/connection/rest";
import { TERMINAL, type Done, type State, type Subtask, type SubtaskState } from "@/protocol/wire";

/** Which of a conversation's unsettled turns speaks for it. */
const SPEAKS: Record<State, number> = {
  running: 6,
  cancelling: 5,
  offered: 4,
  queued: 3,
  failed: 0,
  cancelled: 0,
  completed: 0,
};

export function isSettled(state: State): boolean {
  return (TERMINAL as readonly State[]).includes(state);
}

export class Standings {
  readonly listeners = new Listeners();
  readonly bySubtask = new Map<string, SubtaskState>();
  byTask: ReadonlyMap<string, SubtaskState> = new Map();
  private confirmed = new Set<string>();

  /** Take what the socket says; what is older than what was seen is dropped. True if it is news. */
  take(state: SubtaskState): boolean {
    this.confirmed.add(state.subtask_id);
    const known = this.bySubtask.get(state.subtask_id);
    if (known && (known.rev > state.rev || (isSettled(known.state) && !isSettled(state.state)))) return false;
    this.put(state);
    return known?.state !== state.state;
  }

  /** A turn that ended is told so to those who follow its output as well. */
  end(done: Done): boolean {
    const known = this.bySubtask.get(done.subtask_id);
    if (!known || isSettled(known.state)) return false;
    this.put({ ...known, state: done.state, queue_position: null });
    return true;
  }

  /** On a new connection the socket tells the unsettled turns: from now on note which. */
  beginComparison(): void {
    this.confirmed = new Set();
  }

  /** Ask about the turns that were unsettled before and were not told since; `onNews` is told what changed. */
  async compare(onNews: (state: SubtaskState) => void): Promise<void> {
    const doubtful = [...this.bySubtask.values()].filter(
      (state) => !isSettled(state.state) && !this.confirmed.has(state.subtask_id),
    );
    for (const before of doubtful) {
      const now = await read(before.subtask_id);
      if (this.bySubtask.get(before.subtask_id) !== before) continue;
      if (now) {
        const state = {
          ...before,
          state: now.state,
          device_id: now.device_id,
          queue_position: now.queue_position,
        };
        this.put(state);
        onNews(state);
      } else {
        this.bySubtask.delete(before.subtask_id);
        this.showTask(before.task_id);
      }
    }
  }

  /** A conversation was deleted. */
  forgetTask(taskId: string): void {
    for (const [id, state] of this.bySubtask) if (state.task_id === taskId) this.bySubtask.delete(id);
    this.showTask(taskId);
  }

  clear(): void {
    this.bySubtask.clear();
    this.byTask = new Map();
    this.listeners.tell();
  }

  private put(state: SubtaskState): void {
    this.bySubtask.set(state.subtask_id, state);
    this.showTask(state.task_id);
  }

  private showTask(taskId: string): void {
    const byTask = new Map(this.byTask);
    let speaker: SubtaskState | undefined;
    for (const state of this.bySubtask.values()) {
      if (state.task_id === taskId && (!speaker || speaksRather(state, speaker))) speaker = state;
    }
    if (speaker) byTask.set(taskId, speaker);
    else byTask.delete(taskId);
    this.byTask = byTask;
    this.listeners.tell();
  }
}

function speaksRather(state: SubtaskState, other: SubtaskState): boolean {
  const difference = SPEAKS[state.state] - SPEAKS[other.state];
  return difference > 0 || (difference === 0 && state.rev > other.rev);
}

async function read(subtaskId: string): Promise<Subtask | null> {
  try {
    return await get<Subtask>(`/subtasks/${encodeURIComponent(subtaskId)}`);
  } catch (error) {
    if (error instanceof ApiError && error.code === "not_found") return null;
    throw error;
  }
}
