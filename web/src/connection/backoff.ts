/** How long to wait before the next try: full jitter, as in wegent/protocol/backoff.py. */
export class Backoff {
  private bound: number;
  private readonly first: number;
  private readonly longest: number;

  /** Waits in milliseconds, each drawn from 0 to a bound that starts at `first` and doubles to `longest`. */
  constructor(first: number, longest: number) {
    this.first = first;
    this.longest = longest;
    this.bound = first;
  }

  next(): number {
    const wait = Math.random() * this.bound;
    this.bound = Math.min(this.bound * 2, this.longest);
    return wait;
  }

  reset(): void {
    this.bound = this.first;
  }
}
