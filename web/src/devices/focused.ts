import { useEffect, useRef, type RefObject } from "react";

/**
 * For what takes the place of what had the focus: it gets the focus, so that those who listen hear what came, and all
 * of it is scrolled into view. The element needs `tabIndex={-1}`.
 */
export function useFocusedOnArrival<T extends HTMLElement>(): RefObject<T | null> {
  const element = useRef<T>(null);
  useEffect(() => {
    element.current?.focus({ preventScroll: true });
    element.current?.scrollIntoView({ block: "nearest" });
  }, []);
  return element;
}
