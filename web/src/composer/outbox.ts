/**
 * Everything that somebody writes in this browser on its way to the server: drafts, messages being sent, and what
 * became of those that were refused. It lives as long as the page, so that leaving a conversation loses nothing.
 */
import { ApiError, isPassing } from "@/connection/errors";
import { newId } from "@/connection/new-id";
import type { Send, Sent } from "@/protocol/wire";
import { Drafts, type Draft } from "./drafts";
import { isSameMessage, PendingSends } from "./pending";

export type Message = Omit<Send, "client_id">;

/** How a conversation's sending stands. */
export interface Sending {
  /** The message that is on its way. */
  readonly message: Send | null;
  /** Why the last one was not taken; its text is back in the draft. */
  readonly error: ApiError | null;
}

const IDLE: Sending = { message: null, error: null };

/** A message that the server took, and what it said. */
export interface Delivered {
  readonly sent: Sent;
  readonly message: Send;
}

/** Sends a message, with its `client_id`; rejects with an ApiError. */
export type Deliver = (message: Send) => Promise<Sent>;

export class Outbox {
  readonly drafts: Drafts;
  readonly #pending: PendingSends;
  readonly #sendings = new Map<string, Sending>();
  /** Messages of which nobody knows whether the server took them: sent again, they keep their `client_id`. */
  readonly #uncertain = new Map<string, Send>();
  readonly #listeners = new Set<() => void>();

  constructor(local: Storage, session: Storage, userId: string) {
    this.drafts = new Drafts(local, userId);
    this.#pending = new PendingSends(local, session, userId);
  }

  /** How the sending of a conversation stands. */
  sending(conversation: string): Sending {
    return this.#sendings.get(conversation) ?? IDLE;
  }

  /** Send a message; null if it was refused, which `sending` then tells. The draft is emptied meanwhile. */
  async send(conversation: string, message: Message, deliver: Deliver): Promise<Delivered | null> {
    if (this.sending(conversation).message !== null) return null;
    const before = this.#uncertain.get(conversation);
    const fresh: Send = { ...message, client_id: newId() };
    const whole = before !== undefined && isSameMessage(before, fresh) ? before : fresh;
    const draft = this.drafts.get(conversation);
    this.#pending.keep(conversation, whole);
    this.drafts.clear(conversation);
    return this.#deliver(conversation, whole, deliver, (typedSince) => ({
      ...draft,
      text: typedSince === "" ? draft.text : `${draft.text}\n\n${typedSince}`,
    }));
  }

  /** Send again what this tab was sending when it was reloaded; null if there is nothing, or it was refused. */
  async resume(conversation: string, deliver: Deliver): Promise<Delivered | null> {
    this.#restore(conversation);
    const pending = this.#pending.toResend(conversation);
    if (pending === null || this.sending(conversation).message !== null) return null;
    const { message } = pending;
    return this.#deliver(conversation, message, deliver, (typedSince) => ({
      text: typedSince === "" ? message.prompt : `${message.prompt}\n\n${typedSince}`,
      deviceId: message.device_id ?? null,
      shell: message.shell ?? null,
    }));
  }

  /** Put a refused repetition into the box, before what stands there, to be sent in another way. */
  giveBack(conversation: string, draft: Omit<Draft, "files">, error: ApiError): void {
    const { text } = this.drafts.get(conversation);
    this.drafts.change(conversation, {
      ...draft,
      text: text.trim() === "" ? draft.text : `${draft.text}\n\n${text}`,
    });
    this.#set(conversation, { ...this.sending(conversation), error });
  }

  /** Forget why the last message was refused. */
  dismiss(conversation: string): void {
    this.#set(conversation, { ...this.sending(conversation), error: null });
  }

  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async #deliver(
    conversation: string,
    message: Send,
    deliver: Deliver,
    restored: (typedSince: string) => Partial<Draft>,
  ): Promise<Delivered | null> {
    this.#set(conversation, { message, error: null });
    try {
      const sent = await deliver(message);
      this.#uncertain.delete(conversation);
      this.#pending.forget(conversation, message.client_id);
      this.#set(conversation, IDLE);
      return { sent, message };
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      if (isPassing(error)) this.#uncertain.set(conversation, message);
      this.#pending.forget(conversation, message.client_id);
      this.drafts.change(conversation, restored(this.drafts.get(conversation).text));
      this.#set(conversation, { message: null, error });
      return null;
    }
  }

  #restore(conversation: string): void {
    const pending = this.#pending.toRestore(conversation);
    if (pending === null) return;
    const { message } = pending;
    const text = this.drafts.get(conversation).text;
    this.#pending.forget(conversation, message.client_id);
    this.#uncertain.set(conversation, message);
    this.drafts.change(conversation, { text: text === "" ? message.prompt : `${message.prompt}\n\n${text}` });
  }

  #set(conversation: string, sending: Sending): void {
    this.#sendings.set(conversation, sending);
    for (const listener of this.#listeners) listener();
  }
}
