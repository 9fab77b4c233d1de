/**
 * Staying at the bottom while it grows, for as long as the reader is there.
 *
 * Whoever scrolls up, however little, is let go at once: nobody should have to fight for the place that they read.
 * Coming back near the bottom sticks again.
 */
import { type RefObject, useCallback, useEffect, useLayoutEffect, useRef, useState } from "react";

const NEAR_PIXELS = 60;
const TOUCH_SLACK = 4;
const UPWARDS = new Set(["ArrowUp", "PageUp", "Home"]);
const DOWNWARDS = new Set(["ArrowDown", "PageDown", "End", " "]);

export interface Stickiness {
  readonly isStuck: boolean;
  /** Go to the bottom, and stay there. */
  stick: () => void;
}

/** `arrivals` counts what the reader sent: with each of them, they want to see what comes of it. */
export function useStickiness(
  scroller: RefObject<HTMLElement | null>,
  content: RefObject<HTMLElement | null>,
  arrivals: number,
): Stickiness {
  const [isStuck, setStuck] = useState(true);
  // The effects below must know it before the next render.
  const stuck = useRef(true);
  const change = useCallback((next: boolean) => {
    stuck.current = next;
    setStuck(next);
  }, []);
  useEffect(() => {
    const element = scroller.current;
    return element ? watchReader(element, change) : undefined;
  }, [scroller, change]);
  useEffect(() => {
    const observer = new ResizeObserver(() => {
      const element = scroller.current;
      if (stuck.current) toEnd(element);
      else if (element && element.scrollHeight <= element.clientHeight) change(true);
    });
    for (const each of [scroller.current, content.current]) if (each) observer.observe(each);
    return () => observer.disconnect();
  }, [scroller, content, change]);
  const [arrived, setArrived] = useState(arrivals);
  if (arrivals !== arrived) {
    setArrived(arrivals);
    setStuck(true);
  }
  useLayoutEffect(() => {
    stuck.current = true;
  }, [arrived]);
  useLayoutEffect(() => {
    if (stuck.current) toEnd(scroller.current);
  });
  const stick = () => {
    change(true);
    toEnd(scroller.current);
  };
  return { isStuck, stick };
}

function toEnd(element: HTMLElement | null): void {
  if (element && distance(element) > 1) element.scrollTo({ top: element.scrollHeight });
}

function distance(element: HTMLElement): number {
  return element.scrollHeight - element.scrollTop - element.clientHeight;
}

/** Tell `change` when the reader leaves the bottom or comes back to it; returns what ends the watching. */
function watchReader(element: HTMLElement, change: (isStuck: boolean) => void): () => void {
  // The reader's last wish: while it is upwards, a scroll position near the bottom is no wish to stick there.
  let isUpwards = false;
  let touchedAt = 0;
  let last = { top: element.scrollTop, height: element.scrollHeight, view: element.clientHeight };
  const wish = (upwards: boolean, target: EventTarget | null) => {
    if (isTakenInside(element, target, upwards)) return;
    isUpwards = upwards;
    if (upwards && element.scrollHeight > element.clientHeight) change(false);
  };
  const listeners: Partial<{ [Name in keyof HTMLElementEventMap]: (event: HTMLElementEventMap[Name]) => void }> = {
    wheel: (event) => event.deltaY !== 0 && wish(event.deltaY < 0, event.target),
    touchstart: (event) => (touchedAt = event.touches[0]?.clientY ?? 0),
    touchmove: (event) => {
      const moved = (event.touches[0]?.clientY ?? 0) - touchedAt;
      if (Math.abs(moved) > TOUCH_SLACK) wish(moved > 0, event.target);
    },
    keydown: (event) => {
      if (isTyping(event.target)) return;
      if (UPWARDS.has(event.key) || (event.key === " " && event.shiftKey)) wish(true, event.target);
      else if (DOWNWARDS.has(event.key)) wish(false, event.target);
    },
    // Whoever opens something wants to read it: it grows downwards, and is not pushed up and away.
    click: (event) => {
      if (!(event.target instanceof Element) || !event.target.closest("[aria-expanded], summary")) return;
      change(false);
      afterFrames(2, () => distance(element) <= NEAR_PIXELS && change(true));
    },
    // The scroll bar belongs to the element itself, and tells no direction beforehand.
    pointerdown: (event) => {
      if (event.target === element) isUpwards = false;
    },
    scroll: () => {
      const now = { top: element.scrollTop, height: element.scrollHeight, view: element.clientHeight };
      const hasShrunk = now.height < last.height || now.view > last.view;
      const isNear = distance(element) <= NEAR_PIXELS;
      if (now.top < last.top - 1 && !hasShrunk && !isNear) change(false);
      else if (now.top > last.top && isNear && !isUpwards) change(true);
      last = now;
    },
  };
  return listenTo(element, listeners as Record<string, (event: Event) => void>);
}

function afterFrames(count: number, act: () => void): void {
  requestAnimationFrame(() => (count > 1 ? afterFrames(count - 1, act) : act()));
}

function listenTo(element: HTMLElement, listeners: Record<string, (event: Event) => void>): () => void {
  const entries = Object.entries(listeners);
  for (const [name, listener] of entries) element.addEventListener(name, listener, { passive: true });
  return () => {
    for (const [name, listener] of entries) element.removeEventListener(name, listener);
  };
}

function isTyping(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && target.closest("input, textarea, select, [contenteditable]") !== null;
}

/** Whether something inside of the element scrolls instead: a box of output, a long diff. */
function isTakenInside(element: HTMLElement, target: EventTarget | null, isUpwards: boolean): boolean {
  let inner = target instanceof Element ? target : null;
  for (; inner && inner !== element; inner = inner.parentElement) {
    if (inner.scrollHeight <= inner.clientHeight + 1) continue;
    const { overflowY } = getComputedStyle(inner);
    if (overflowY !== "auto" && overflowY !== "scroll") continue;
    if (isUpwards ? inner.scrollTop > 0 : inner.scrollTop + inner.clientHeight < inner.scrollHeight - 1)
      return true;
  }
  return false;
}
