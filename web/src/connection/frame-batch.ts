/** Work put off to the next frame that the browser draws, however often it is asked for. */

/** A hidden page draws no frames. */
const HIDDEN_MS = 250;
/** Of a frame's 16 ms, so many may be spent; the rest waits for the next one. */
const BUDGET_MS = 8;
/** After a frame that took long the page has as long for everything else, but no longer than this. */
const LONGEST_REST_MS = 100;

export class FrameBatch {
  private readonly jobs = new Set<() => boolean>();
  private frame = 0;
  private rest: ReturnType<typeof setTimeout> | undefined;
  private fallback: ReturnType<typeof setTimeout> | undefined;
  private restUntil = 0;

  /** Do `job` soon, and again each frame for as long as it returns that there is more to do. */
  add(job: () => boolean): void {
    this.jobs.add(job);
    this.schedule();
  }

  private schedule(): void {
    if (this.fallback !== undefined) return;
    this.fallback = setTimeout(this.run, HIDDEN_MS);
    const rest = this.restUntil - performance.now();
    if (rest > 0) this.rest = setTimeout(this.draw, rest);
    else this.draw();
  }

  private readonly draw = (): void => {
    this.frame = requestAnimationFrame(this.run);
  };

  private readonly run = (): void => {
    cancelAnimationFrame(this.frame);
    clearTimeout(this.rest);
    clearTimeout(this.fallback);
    this.fallback = undefined;
    const start = performance.now();
    for (const job of [...this.jobs]) {
      this.jobs.delete(job);
      if (job()) this.jobs.add(job);
      if (performance.now() - start > BUDGET_MS) break;
    }
    // What the jobs changed is rendered and laid out after this, and that is what takes time.
    setTimeout(() => {
      const now = performance.now();
      this.restUntil = now + Math.min(now - start, LONGEST_REST_MS);
      if (this.jobs.size > 0) this.schedule();
    });
  };
}
