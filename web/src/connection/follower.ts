/**
 * Following one turn's output, over any number of connections: the twin of wegent/client/subscriptions.py.
 *
 * The server answers a subscription before it sends the first piece of it, so what comes while a question is open
 * belongs to an earlier subscription and is dropped. Within one subscription the numbers continue; where they do not,
 * the rest is asked for again from the last number held.
 */
import { Backoff } from "@/connection/backoff";
import { ApiError, isPassing } from "@/connection/errors";
import { Listeners } from "@/connection/listeners";
import type { Chunk, Done, RawEvent, State, StateAnswer } from "@/protocol/wire";
import type { Transcript } from "@/transcript/blocks";
import { TranscriptBuilder } from "@/transcript/builder";
import { GapError, Receiver } from "@/transcript/receiver";

const AGAIN_FIRST_MS = 50;
const AGAIN_LONGEST_MS = 5_000;
/** Nothing came for so long: this was all that there is for now. */
const QUIET_MS = 150;
/** A turn that never pauses counts as caught up after this. */
const BUSY_MS = 1_500;
/** Events taken at a time, so that a long transcript does not stop the page. */
const SLICE = 1_000;

/** One turn's output, as far as it is known. */
export interface Turn {
  readonly transcript: Transcript;
  readonly done: Done | null;
  readonly state: State | null;
  readonly error: ApiError | null;
  /** Whether what the server had when asked is here; until then a page may show that it loads. */
  readonly isCaughtUp: boolean;
}

/** Asks the server, which answers with the turn's state; rejects with an ApiError. */
export type Ask = (
  event: "chat:subscribe" | "chat:unsubscribe",
  subtaskId: string,
  seq: number,
) => Promise<StateAnswer>;

export class Follower {
  readonly subtaskId: string;
  readonly listeners = new Listeners();
  turn: Turn;
  private readonly ask: Ask;
  private readonly onWork: (job: () => boolean) => void;
  private readonly builder = new TranscriptBuilder();
  private readonly receiver = new Receiver();
  private readonly backoff = new Backoff(AGAIN_FIRST_MS, AGAIN_LONGEST_MS);
  private queue: RawEvent[] = [];
  private ending: Done | null = null;
  private readers = 0;
  private connection = 0;
  private isConnected = false;
  private isWaiting = false;
  private isSubscribed = false;
  private pause: ReturnType<typeof setTimeout> | undefined;
  private quiet: ReturnType<typeof setTimeout> | undefined;
  private askedAt = 0;

  /** `onWork` is given a job when something came; it is to be called once a frame until it returns false. */
  constructor(subtaskId: string, ask: Ask, onWork: (job: () => boolean) => void) {
    this.subtaskId = subtaskId;
    this.ask = ask;
    this.onWork = onWork;
    const transcript = this.builder.transcript;
    this.turn = { transcript, done: null, state: null, error: null, isCaughtUp: false };
  }

  /** Whether somebody reads it, or looks at what there is. */
  get isUsed(): boolean {
    return this.readers > 0 || !this.listeners.isEmpty;
  }

  /** One more, or one less, wants the output. */
  want(count: 1 | -1): void {
    this.readers += count;
    this.sync();
  }

  /** Begin on a new connection, which knows of no subscription. */
  connect(): void {
    this.isConnected = true;
    this.sync();
  }

  disconnect(): void {
    this.isConnected = this.isWaiting = this.isSubscribed = false;
    this.connection++;
    clearTimeout(this.pause);
    this.pause = undefined;
  }

  /** Take a piece of output. */
  chunk(chunk: Chunk): void {
    if (this.isWaiting || !this.isSubscribed) return;
    try {
      for (const event of this.receiver.ingest(chunk.seq, chunk.events)) this.queue.push(event);
    } catch (error) {
      if (!(error instanceof GapError)) throw error;
      this.isSubscribed = false;
      this.askLater();
      return;
    }
    this.backoff.reset();
    this.onWork(this.work);
  }

  /** Note how the turn ended, or ask for what is missing before its end. */
  done(done: Done): void {
    if (this.isWaiting || !this.isSubscribed) return;
    this.isSubscribed = false;
    if (this.receiver.last < done.seq) {
      this.askLater();
      return;
    }
    this.ending = done;
    this.onWork(this.work);
  }

  /** Note what the live states say of this turn. */
  note(state: State): void {
    if (this.turn.done === null && this.turn.state !== state) this.show({ state });
  }

  private get isOver(): boolean {
    return this.ending !== null || this.turn.error !== null;
  }

  private sync(): void {
    if (!this.isConnected || this.isWaiting || this.pause !== undefined) return;
    const isWanted = this.readers > 0 && !this.isOver;
    if (isWanted === this.isSubscribed) return;
    this.isWaiting = true;
    const connection = this.connection;
    this.ask(isWanted ? "chat:subscribe" : "chat:unsubscribe", this.subtaskId, this.receiver.last).then(
      (answer) => {
        if (connection === this.connection) this.answered(isWanted, answer.state);
      },
      (error: unknown) => {
        if (connection === this.connection) this.refused(error);
      },
    );
  }

  private answered(isSubscribed: boolean, state: State): void {
    this.isWaiting = false;
    this.isSubscribed = isSubscribed;
    if (isSubscribed) {
      this.note(state);
      this.askedAt = Date.now();
      this.awaitQuiet();
    }
    this.sync();
  }

  private refused(error: unknown): void {
    this.isWaiting = this.isSubscribed = false;
    if (error instanceof ApiError && !isPassing(error)) this.show({ error, isCaughtUp: true });
    else this.askLater();
  }

  /** Wait a little longer each time that nothing came of it: a server that has a hole is not hammered. */
  private askLater(): void {
    if (this.pause !== undefined || !this.isConnected) return;
    this.pause = setTimeout(() => {
      this.pause = undefined;
      this.sync();
    }, this.backoff.next());
  }

  /** Take in what came; true while there is more to take. */
  private readonly work = (): boolean => {
    const events = this.queue.slice(0, SLICE);
    this.queue = this.queue.slice(SLICE);
    this.builder.append(events);
    if (this.queue.length > 0) {
      this.show({ transcript: this.builder.transcript });
      return true;
    }
    if (this.ending) {
      this.builder.close();
      clearTimeout(this.quiet);
      const { state } = this.ending;
      this.show({ transcript: this.builder.transcript, done: this.ending, state, isCaughtUp: true });
    } else {
      this.awaitQuiet();
      this.show({ transcript: this.builder.transcript });
    }
    return false;
  };

  private awaitQuiet(): void {
    if (this.turn.isCaughtUp) return;
    clearTimeout(this.quiet);
    if (Date.now() - this.askedAt > BUSY_MS) this.show({ isCaughtUp: true });
    else this.quiet = setTimeout(() => this.show({ isCaughtUp: true }), QUIET_MS);
  }

  private show(change: Partial<Turn>): void {
    this.turn = { ...this.turn, ...change };
    this.listeners.tell();
  }
}
