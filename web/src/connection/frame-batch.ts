/** Work put off to the next frame that the browser draws, however often it is asked for. */

/** A hidden page draws no frames. */
const HIDDEN_MS = 250;
/** Of a frame's 16 ms, so many may be spent; the rest waits for the next one. */
const BUDGET_MS = 8;

export class FrameBatch {
  private readonly jobs = new Set<() => boolean>();
  private frame = 0;
  private timer: ReturnType<typeof setTimeout> | undefined;

  /** Do `job` soon, and again each frame for as long as it returns that there is more to do. */
  add(job: () => boolean): void {
    this.jobs.add(job);
    this.schedule();
  }

  remove(job: () => boolean): void {
    this.jobs.delete(job);
  }

  private schedule(): void {
    if (this.timer !== undefined) return;
    this.frame = requestAnimationFrame(this.run);
    this.timer = setTimeout(this.run, HIDDEN_MS);
  }

  private readonly run = (): void => {
    cancelAnimationFrame(this.frame);
    clearTimeout(this.timer);
    this.timer = undefined;
    const end = performance.now() + BUDGET_MS;
    for (const job of [...this.jobs]) {
      this.jobs.delete(job);
      if (job()) this.jobs.add(job);
      if (performance.now() > end) break;
    }
    if (this.jobs.size > 0) this.schedule();
  };
}
