import { useCallback, useEffect, useSyncExternalStore } from "react";
import { useUser } from "@/connection/hooks";
import type { Draft } from "./drafts";
import { MemoryStorage } from "./memory-storage";
import { Outbox, type Sending } from "./outbox";

const outboxes = new Map<string, Outbox>();

/** The outbox of whoever is logged in; one per user for as long as the page lives. */
export function useOutbox(): Outbox {
  const { id } = useUser();
  let outbox = outboxes.get(id);
  if (outbox === undefined) {
    outbox = new Outbox(storage("localStorage"), storage("sessionStorage"), id);
    outboxes.set(id, outbox);
  }
  return outbox;
}

/** A draft, and a function that changes parts of it. It is written down when the page is hidden or left. */
export function useDraft(conversation: string): [Draft, (changes: Partial<Draft>) => void] {
  const { drafts } = useOutbox();
  const draft = useSyncExternalStore(
    useCallback((listener) => drafts.subscribe(listener), [drafts]),
    () => drafts.get(conversation),
  );
  useEffect(() => {
    const write = (): void => drafts.write();
    addEventListener("pagehide", write);
    document.addEventListener("visibilitychange", write);
    return () => {
      removeEventListener("pagehide", write);
      document.removeEventListener("visibilitychange", write);
      write();
    };
  }, [drafts]);
  const change = useCallback(
    (changes: Partial<Draft>) => drafts.change(conversation, changes),
    [drafts, conversation],
  );
  return [draft, change];
}

/** How the sending of a conversation stands. */
export function useSending(conversation: string): Sending {
  const outbox = useOutbox();
  return useSyncExternalStore(
    useCallback((listener) => outbox.subscribe(listener), [outbox]),
    () => outbox.sending(conversation),
  );
}

/** The browser's own storage; where it allows none (it then throws), one that lives as long as the page. */
function storage(kind: "localStorage" | "sessionStorage"): Storage {
  try {
    return window[kind];
  } catch (error) {
    console.warn("This browser keeps nothing for this page; drafts are lost by a reload:", error);
    return new MemoryStorage();
  }
}
