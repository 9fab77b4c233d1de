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

  /** Note that the turn's output reaches up to `seq`; return since when it has. */
  hear(subtaskId: string, seq: number): number {
    const before = this.#read(subtaskId);
    if (before !== null && before.seq >= seq) return before.at;
    const heard: Heard = { seq, at: this.#now() };
    this.#storage.setItem(PREFIX + subtaskId, JSON.stringify(heard));
    return heard.at;
  }

  forget(subtaskId: string): void {
    this.#storage.removeItem(PREFIX + subtaskId);
  }

  #read(subtaskId: string): Heard | null {
    const [seq, at] = [...(this.#storage.getItem(PREFIX + subtaskId) ?? "").matchAll(/\d+/g)].map(Number);
    return seq === undefined || at === undefined ? null : { seq, at };
  }
}
