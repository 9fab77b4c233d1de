/** All turns whose output somebody reads, or read a moment ago. */
import { FrameBatch } from "@/connection/frame-batch";
import { Follower, type Ask } from "@/connection/follower";
import type { Chunk, Done, SubtaskState } from "@/protocol/wire";

/** Turns kept after nobody reads them any more, so that going back to a conversation is instant. */
const KEPT = 50;
/** Somebody who goes back at once finds the subscription as it was. */
const GRACE_MS = 3_000;

export class Turns {
  private readonly ask: Ask;
  private readonly batch = new FrameBatch();
  /** The least recently used one first. */
  private followers = new Map<string, Follower>();
  private isConnected = false;

  constructor(ask: Ask) {
    this.ask = ask;
  }

  /** The follower of a turn, which asks for nothing until somebody wants it. */
  get(subtaskId: string): Follower {
    const known = this.followers.get(subtaskId);
    if (known) return known;
    const follower = new Follower(subtaskId, this.ask, (job) => this.batch.add(job));
    this.followers.set(subtaskId, follower);
    if (this.isConnected) follower.connect();
    return follower;
  }

  /** Have a turn's output read until the returned function is called. */
  want(follower: Follower): () => void {
    this.use(follower);
    follower.want(1);
    return () => {
      setTimeout(() => {
        follower.want(-1);
        this.forgetOld();
      }, GRACE_MS);
    };
  }

  connect(): void {
    this.isConnected = true;
    for (const follower of this.followers.values()) follower.connect();
  }

  disconnect(): void {
    this.isConnected = false;
    for (const follower of this.followers.values()) follower.disconnect();
  }

  chunk(chunk: Chunk): void {
    this.followers.get(chunk.subtask_id)?.chunk(chunk);
  }

  done(done: Done): void {
    this.followers.get(done.subtask_id)?.done(done);
  }

  note(state: SubtaskState): void {
    this.followers.get(state.subtask_id)?.note(state.state);
  }

  clear(): void {
    this.disconnect();
    this.followers = new Map();
  }

  private use(follower: Follower): void {
    const isNew = this.followers.get(follower.subtaskId) !== follower;
    this.followers.delete(follower.subtaskId);
    this.followers.set(follower.subtaskId, follower);
    if (isNew && this.isConnected) follower.connect();
  }

  private forgetOld(): void {
    const unused = [...this.followers.values()].filter((follower) => !follower.isUsed);
    for (const follower of unused.slice(0, Math.max(0, unused.length - KEPT))) {
      follower.disconnect();
      this.followers.delete(follower.subtaskId);
    }
  }
}
