/** Who wants to know when something changed: the half of an external store that React subscribes to. */
export class Listeners {
  private readonly all = new Set<() => void>();

  readonly subscribe = (listener: () => void): (() => void) => {
    this.all.add(listener);
    return () => this.all.delete(listener);
  };

  get isEmpty(): boolean {
    return this.all.size === 0;
  }

  tell(): void {
    for (const listener of [...this.all]) listener();
  }
}
