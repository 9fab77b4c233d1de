/**
 * What somebody opened, or typed, in a stream.
 *
 * Blocks far from the viewport are not in the page; when they come back they are as they were left.
 */
import { createContext, use, useCallback, useState } from "react";

/** By block and what of it; lives as long as the conversation is shown. */
export type Memory = Map<string, unknown>;

export const MemoryContext = createContext<Memory>(new Map());

/** Name the block to which the states below belong. */
export const BlockContext = createContext("");

/** A state that outlives its component for as long as the conversation is shown. */
export function useKept<T>(name: string, initial: T): [T, (value: T) => void] {
  const memory = use(MemoryContext);
  const key = `${use(BlockContext)}/${name}`;
  const [value, setValue] = useState(() => (memory.has(key) ? (memory.get(key) as T) : initial));
  const keep = useCallback(
    (next: T) => {
      memory.set(key, next);
      setValue(next);
    },
    [memory, key],
  );
  return [value, keep];
}

/** Whether something is open: as somebody left it, else as `isInitiallyOpen` says now. */
export function useFold(name: string, isInitiallyOpen: boolean): [boolean, (isOpen: boolean) => void] {
  const [chosen, choose] = useKept<boolean | null>(name, null);
  return [chosen ?? isInitiallyOpen, choose];
}
