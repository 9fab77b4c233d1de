/** Taking numbered events in order, each once. The twin of `Receiver` in wegent/protocol/output_log.py. */

/** Events are missing before those that came; `wanted` is the next number. */
export class GapError extends Error {
  override readonly name = "GapError";
  readonly wanted: number;

  constructor(wanted: number) {
    super(`expected event ${wanted}`);
    this.wanted = wanted;
  }
}

/** Takes what continues a log after `last`. */
export class Receiver {
  last: number;

  constructor(last = 0) {
    this.last = last;
  }

  /** Return those of `events` that are new (`seq` numbers the first); throw `GapError` if some before are missing. */
  ingest<T>(seq: number, events: readonly T[]): readonly T[] {
    if (seq > this.last + 1) throw new GapError(this.last + 1);
    const known = this.last + 1 - seq;
    const fresh = known === 0 ? events : events.slice(known);
    this.last += fresh.length;
    return fresh;
  }
}
