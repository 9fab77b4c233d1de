import type { Delivered } from "@/composer/outbox";
import { CLOUD, type Subtask } from "@/protocol/wire";

/** The turn that a message which was just taken will be, until the server's own row is read. */
export function sentTurn({ sent, message }: Delivered, last: Subtask | null): Subtask {
  return {
    subtask_id: sent.subtask_id,
    task_id: sent.task_id,
    state: sent.state,
    attempt: 0,
    device_id: message.device_id ?? last?.device_id ?? CLOUD,
    shell: message.shell ?? last?.shell ?? "ClaudeCode",
    prompt: message.prompt,
    options: message.options ?? {},
    queue_position: sent.queue_position,
    waiting_reason: null,
    seq: 0,
    error: null,
    result: null,
    created_at: new Date().toISOString(),
    started_at: null,
    ended_at: null,
  };
}
