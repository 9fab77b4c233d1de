/** Since when a running turn has said nothing. */

/** After this long a page says so, and what can be done. */
export const QUIET_MS = 10 * 60_000;

interface Heard {
  readonly seq: number;
  readonly at: number;
}

const PREFIX = "wegent.heard.";

/**
 * Remembers when the newest output of turns came, also over a reload, for as long as the tab lives.
 *
 * Output carries no times: what was there when the page was opened counts from then on.
 */
export class Quiet {
  readonly #storage: Storage;
  readonly #now: () => number;

  constructor(storage: Storage, now: () => number = Date.now) {
    this.#storage = storage;
    this.#now = now;
  }

  /** Note that the turn's output reaches up to `seq`. */
  hear(subtaskId: string, seq: number): void {
    if (this.since(subtaskId, seq) !== null) return;
    const heard: Heard = { seq, at: this.#now() };
    this.#storage.setItem(PREFIX + subtaskId, JSON.stringify(heard));
  }

  /** Since when the turn's output has reached up to `seq`; null if that was not noted. */
  since(subtaskId: string, seq: number): number | null {
    const heard = this.#read(subtaskId);
    return heard !== null && heard.seq >= seq ? heard.at : null;
  }

  forget(subtaskId: string): void {
    this.#storage.removeItem(PREFIX + subtaskId);
  }

  #read(subtaskId: string): Heard | null {
    const [seq, at] = [...(this.#storage.getItem(PREFIX + subtaskId) ?? "").matchAll(/\d+/g)].map(Number);
    return seq === undefined || at === undefined ? null : { seq, at };
  }
}
