/**
 * What somebody has begun to write, kept per conversation in this browser until it is sent.
 *
 * A draft is written to local storage a moment after the last key, and at once when the page is left. Drafts belong
 * to one user, so that the next person at the same browser does not find them.
 */

/** A file that was uploaded for a prompt; the server keeps it until `expires_at`. */
export interface Attached {
  readonly id: string;
  readonly name: string;
  readonly media_type: string;
  readonly size: number;
  readonly expires_at: string;
}

/** Text, files and choices; a null choice is "as before, or the default". */
export interface Draft {
  readonly text: string;
  readonly files: readonly Attached[];
  readonly deviceId: string | null;
  readonly shell: string | null;
  /** "" is the task's own folder. */
  readonly workdir: string | null;
  /** "" is the device's own choice, also below. */
  readonly model: string | null;
  readonly permissionMode: string | null;
}

export const EMPTY: Draft = {
  text: "",
  files: [],
  deviceId: null,
  shell: null,
  workdir: null,
  model: null,
  permissionMode: null,
};

/** The draft of a conversation that does not exist yet. */
export const NEW = "new";

const PREFIX = "wegent.draft.";
const KEPT = 40;
const WRITE_AFTER_MS = 300;

interface Stored extends Draft {
  readonly at: number;
}

/** All drafts of one user. */
export class Drafts {
  readonly #storage: Storage;
  readonly #prefix: string;
  readonly #now: () => number;
  readonly #known = new Map<string, Draft>();
  readonly #unwritten = new Set<string>();
  readonly #listeners = new Set<() => void>();
  #timer: ReturnType<typeof setTimeout> | null = null;

  constructor(storage: Storage, userId: string, now: () => number = Date.now) {
    this.#storage = storage;
    this.#prefix = `${PREFIX}${userId}.`;
    this.#now = now;
  }

  get(conversation: string): Draft {
    const known = this.#known.get(conversation);
    if (known !== undefined) return known;
    const draft = this.#read(conversation);
    this.#known.set(conversation, draft);
    return draft;
  }

  change(conversation: string, changes: Partial<Draft>): void {
    this.#known.set(conversation, { ...this.get(conversation), ...changes });
    this.#unwritten.add(conversation);
    this.#timer ??= setTimeout(() => {
      this.write();
    }, WRITE_AFTER_MS);
    for (const listener of this.#listeners) listener();
  }

  /** Forget text and files, and the choices with them: they are known from the turn that was sent. */
  clear(conversation: string): void {
    this.change(conversation, EMPTY);
    this.write();
  }

  /** Write what has changed now. */
  write(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    for (const conversation of this.#unwritten) this.#writeOne(conversation);
    this.#unwritten.clear();
    this.#prune();
  }

  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #writeOne(conversation: string): void {
    const draft = this.get(conversation);
    const key = this.#prefix + conversation;
    if (isEmpty(draft)) {
      this.#storage.removeItem(key);
      return;
    }
    try {
      this.#storage.setItem(key, JSON.stringify({ ...draft, at: this.#now() } satisfies Stored));
    } catch (error) {
      // The quota is used up, or storage is turned off: the draft still lives as long as the page.
      console.warn("The draft could not be kept:", error);
    }
  }

  #read(conversation: string): Draft {
    const stored = this.#parse(this.#prefix + conversation);
    if (stored === null) return EMPTY;
    const { text, files, deviceId, shell, workdir, model, permissionMode } = stored;
    const kept = files.filter((file) => Date.parse(file.expires_at) > this.#now());
    return { text, files: kept, deviceId, shell, workdir, model, permissionMode };
  }

  #parse(key: string): Stored | null {
    const text = this.#storage.getItem(key);
    if (text === null) return null;
    try {
      const parsed: unknown = JSON.parse(text);
      if (typeof parsed !== "object" || parsed === null) return null;
      const stored = { ...EMPTY, at: 0, ...parsed } as Stored;
      return typeof stored.text === "string" && Array.isArray(stored.files) ? stored : null;
    } catch (error) {
      if (error instanceof SyntaxError) return null; // another version's, or cut off: no draft
      throw error;
    }
  }

  #prune(): void {
    const keys = Array.from({ length: this.#storage.length }, (_, index) => this.#storage.key(index) ?? "");
    const mine = keys.filter((key) => key.startsWith(PREFIX));
    if (mine.length <= KEPT) return;
    const dated = mine.map((key) => ({ key, at: this.#parse(key)?.at ?? 0 })).sort((a, b) => b.at - a.at);
    for (const { key } of dated.slice(KEPT)) this.#storage.removeItem(key);
  }
}

export function isEmpty(draft: Draft): boolean {
  return (Object.keys(EMPTY) as (keyof Draft)[]).every((name) =>
    name === "files" ? draft.files.length === 0 : draft[name] === EMPTY[name],
  );
}
