import { useEffect } from "react";
import { useLocation } from "wouter";

/** The address whose page had the focus last; none before the first page. */
let shown: string | null = null;

/**
 * After a navigation the new page's heading gets the focus, so that screen readers say where one is and the keyboard
 * goes on from there; unless the page put the focus somewhere itself, such as into the message box.
 */
export function PageFocus() {
  const [path] = useLocation();
  useEffect(() => {
    const isFirst = shown === null;
    const isSame = shown === path;
    shown = path;
    if (isFirst || isSame) return;
    const frame = requestAnimationFrame(focusHeading);
    return () => cancelAnimationFrame(frame);
  }, [path]);
  return null;
}

function focusHeading(): void {
  const main = document.getElementById("content");
  if (!main || main.contains(document.activeElement)) return;
  const heading = main.querySelector("h1");
  if (!heading) {
    main.focus({ preventScroll: true });
    return;
  }
  if (!heading.hasAttribute("tabindex")) heading.tabIndex = -1;
  heading.focus({ preventScroll: true });
}
