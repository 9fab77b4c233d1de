/**
 * What this browser's owner said to turns while they ran. The server hands it to the device and does not repeat it,
 * so that the page keeps it itself, for as long as the tab lives.
 */
import { useSyncExternalStore } from "react";

const PREFIX = "wegent.follow-ups.";
const NONE: readonly string[] = [];

const known = new Map<string, readonly string[]>();
const listeners = new Set<() => void>();

export function addFollowUp(subtaskId: string, text: string): void {
  const texts = [...followUps(subtaskId), text];
  known.set(subtaskId, texts);
  try {
    sessionStorage.setItem(PREFIX + subtaskId, JSON.stringify(texts));
  } catch (error) {
    console.warn("The follow-up is sent, but not shown after a reload:", error);
  }
  for (const listener of listeners) listener();
}

export function useFollowUps(subtaskId: string): readonly string[] {
  return useSyncExternalStore(subscribe, () => followUps(subtaskId));
}

function followUps(subtaskId: string): readonly string[] {
  const texts = known.get(subtaskId) ?? read(subtaskId);
  known.set(subtaskId, texts);
  return texts;
}

function read(subtaskId: string): readonly string[] {
  try {
    const stored: unknown = JSON.parse(sessionStorage.getItem(PREFIX + subtaskId) ?? "[]");
    return Array.isArray(stored) ? stored.map(String) : NONE;
  } catch {
    return NONE; // not ours, or the browser keeps nothing
  }
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}
