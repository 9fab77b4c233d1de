/**
 * Messages on their way: kept in this browser from the moment of sending until the server has answered, so that a
 * reload in between neither loses nor doubles one. The server takes a `client_id` once.
 */
import { newId } from "@/connection/new-id";
import type { Send } from "@/protocol/wire";

/** A message that was sent and not answered yet. */
export interface Pending {
  readonly message: Send;
  /** The tab that sent it. Only that one sends it again by itself after a reload. */
  readonly tab: string;
  readonly at: number;
}

const PREFIX = "wegent.pending.";
const TAB = "wegent.tab";
/** After this long a message of a tab that is gone is not sent by itself any more: it goes back into the box. */
export const STALE_MS = 15 * 60_000;

export class PendingSends {
  readonly #local: Storage;
  readonly #prefix: string;
  readonly #tab: string;
  readonly #now: () => number;

  /** `session` belongs to one tab and outlives its reload. */
  constructor(local: Storage, session: Storage, userId: string, now: () => number = Date.now) {
    this.#local = local;
    this.#prefix = `${PREFIX}${userId}.`;
    this.#now = now;
    this.#tab = session.getItem(TAB) ?? newId();
    session.setItem(TAB, this.#tab);
  }

  /** Note that `message` is being sent. */
  keep(conversation: string, message: Send): Pending {
    const pending = { message, tab: this.#tab, at: this.#now() };
    try {
      this.#local.setItem(this.#prefix + conversation, JSON.stringify(pending));
    } catch (error) {
      console.warn("The message is sent, but would be lost by a reload just now:", error);
    }
    return pending;
  }

  /** Note that the server answered the message, whatever it said. */
  forget(conversation: string, clientId: string): void {
    if (this.#read(conversation)?.message.client_id === clientId)
      this.#local.removeItem(this.#prefix + conversation);
  }

  /** The message that this tab was sending when it was reloaded: to be sent again as it is. */
  toResend(conversation: string): Pending | null {
    const pending = this.#read(conversation);
    return pending !== null && pending.tab === this.#tab && !this.#isStale(pending) ? pending : null;
  }

  /** The message of a tab that is gone: to be put back into the box, its `client_id` kept. */
  toRestore(conversation: string): Pending | null {
    const pending = this.#read(conversation);
    return pending !== null && this.#isStale(pending) ? pending : null;
  }

  #isStale(pending: Pending): boolean {
    return this.#now() - pending.at > STALE_MS;
  }

  #read(conversation: string): Pending | null {
    const text = this.#local.getItem(this.#prefix + conversation);
    if (text === null) return null;
    try {
      const pending = JSON.parse(text) as Partial<Pending> | null;
      return typeof pending?.message?.client_id === "string" && typeof pending.message.prompt === "string"
        ? { message: pending.message, tab: String(pending.tab), at: Number(pending.at) }
        : null;
    } catch (error) {
      if (error instanceof SyntaxError) return null;
      throw error;
    }
  }
}

/** Whether two messages ask for the same, whatever their `client_id`. */
export function isSameMessage(one: Send, other: Send): boolean {
  return content(one) === content(other);
}

function content(message: Send): string {
  const fields = Object.entries(message).filter(([name]) => name !== "client_id");
  return JSON.stringify(fields.sort(([a], [b]) => (a < b ? -1 : 1)));
}
