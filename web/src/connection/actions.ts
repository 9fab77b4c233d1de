/** What a person does to turns. Each is safe to repeat, so it is repeated until an answer comes. */
import { ApiError, unreachable } from "@/connection/errors";
import { newId } from "@/connection/new-id";
import { refreshTask } from "@/connection/refresh";
import { patch, post } from "@/connection/rest";
import { live } from "@/connection/session";
import { MAX_FRAME, type AnyInput, type Send, type Sent } from "@/protocol/wire";

/** How long something that somebody did is tried while the server cannot be reached. */
const PATIENCE_MS = 60_000;
const AGAIN_MS = 1_000;

/** Send a prompt. A `client_id` that was used before gives the first answer again. */
export async function send(message: Omit<Send, "client_id"> & { client_id?: string }): Promise<Sent> {
  const whole: Send = { ...message, client_id: message.client_id ?? newId() };
  const isLarge = new TextEncoder().encode(JSON.stringify(whole)).length > MAX_FRAME - 1024;
  const sent = await persist(async (left) => {
    if (isLarge) return sendByRest(whole);
    await live.link.whenOpen(left);
    return (await live.socket.request("chat:send", whole)) as Sent;
  });
  refreshTask({ task_id: sent.task_id });
  return sent;
}

export async function cancel(subtaskId: string): Promise<void> {
  await persist(() => post(`${path(subtaskId)}/cancel`));
}

export function answer(subtaskId: string, approvalId: string, choice: string, message?: string): Promise<void> {
  return give(subtaskId, { type: "approval", id: approvalId, choice, ...(message ? { message } : {}) });
}

export function followUp(subtaskId: string, text: string): Promise<void> {
  return give(subtaskId, { type: "text", text });
}

/** Send an ended turn's prompt once more, as the conversation's next turn. */
export async function retry(subtaskId: string): Promise<Sent> {
  const key = newId();
  const sent = await persist(() => post<Sent>(`${path(subtaskId)}/retry`, {}, { key }));
  refreshTask({ task_id: sent.task_id });
  return sent;
}

/** Move a queued turn to another device or the cloud. */
export async function move(subtaskId: string, deviceId: string): Promise<void> {
  await persist(() => patch(path(subtaskId), { device_id: deviceId }));
}

async function give(subtaskId: string, input: AnyInput): Promise<void> {
  const body = { input, client_id: newId() };
  await persist(() => post(`${path(subtaskId)}/input`, body));
}

function sendByRest({ client_id: key, task_id, ...turn }: Send): Promise<Sent> {
  return post<Sent>(task_id ? `/tasks/${encodeURIComponent(task_id)}/subtasks` : "/tasks", turn, { key });
}

function path(subtaskId: string): string {
  return `/subtasks/${encodeURIComponent(subtaskId)}`;
}

/** Do `work`, and again for as long as no answer came; it is told how many milliseconds are left. */
async function persist<T>(work: (left: number) => Promise<T>): Promise<T> {
  const end = Date.now() + PATIENCE_MS;
  for (;;) {
    const left = end - Date.now();
    if (left <= 0) throw unreachable();
    try {
      return await work(left);
    } catch (error) {
      const isWorthIt = error instanceof ApiError && ["unreachable", "unavailable"].includes(error.code);
      if (!isWorthIt || Date.now() + AGAIN_MS > end) throw error;
      await new Promise((resolve) => setTimeout(resolve, AGAIN_MS));
    }
  }
}
