import { type ComponentProps, type RefObject, useEffect, useRef, useState } from "react";
import { classes } from "@/ui";

interface ScrollBoxProps extends Omit<ComponentProps<"pre">, "ref"> {
  /** What it holds, for screen readers. */
  label: string;
  as?: "pre" | "div";
  box?: RefObject<HTMLPreElement | null>;
}

/** Something that scrolls inside of itself where it is too large; then it can be reached by keyboard, too. */
export function ScrollBox({ label, as: Tag = "div", box, className, children, ...rest }: ScrollBoxProps) {
  const own = useRef<HTMLPreElement>(null);
  const element = box ?? own;
  const isScrolling = useOverflow(element, children);
  return (
    <Tag
      {...(rest as ComponentProps<"div"> & ComponentProps<"pre">)}
      ref={element as RefObject<HTMLDivElement & HTMLPreElement>}
      role="group"
      aria-label={label}
      tabIndex={isScrolling ? 0 : -1}
      className={classes("scroll-inside", className)}
    >
      {children}
    </Tag>
  );
}

/** Whether it has more to show than it has room for. */
function useOverflow(box: RefObject<HTMLElement | null>, content: unknown): boolean {
  const [isOverflowing, setOverflowing] = useState(false);
  useEffect(() => {
    const element = box.current;
    if (!element) return;
    const observer = new ResizeObserver(() =>
      setOverflowing(
        element.scrollWidth > element.clientWidth + 1 || element.scrollHeight > element.clientHeight + 1,
      ),
    );
    observer.observe(element);
    return () => observer.disconnect();
  }, [box, content]);
  return isOverflowing;
}
