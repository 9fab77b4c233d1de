/** The output of all turns that are followed, in one place for the list that shows them. */
import { useCallback, useSyncExternalStore } from "react";
import type { Turn } from "@/connection/hooks";

export class TurnFeed {
  private readonly turns = new Map<string, Turn>();
  private readonly listeners = new Set<() => void>();
  private version = 0;

  get(subtaskId: string): Turn | null {
    return this.turns.get(subtaskId) ?? null;
  }

  put(subtaskId: string, turn: Turn): void {
    if (this.turns.get(subtaskId) === turn) return;
    this.turns.set(subtaskId, turn);
    this.version++;
    for (const listener of this.listeners) listener();
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  readonly current = (): number => this.version;
}

/** Render again whenever a turn of the feed changed; the number tells one state of it from another. */
export function useFeed(feed: TurnFeed): number {
  return useSyncExternalStore(
    useCallback((listener: () => void) => feed.subscribe(listener), [feed]),
    feed.current,
  );
}
