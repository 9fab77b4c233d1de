import { Tooltip as Radix } from "radix-ui";
import type { FocusEvent, ReactElement } from "react";

export const TooltipProvider = Radix.Provider;

/** A word about `children` when pointed at or focused. It repeats what the accessible name says. */
export function Tooltip({ text, children }: { text: string; children: ReactElement }) {
  return (
    <Radix.Root>
      <Radix.Trigger asChild onFocus={unlessVisible}>
        {children}
      </Radix.Trigger>
      <Radix.Portal>
        <Radix.Content
          sideOffset={6}
          collisionPadding={8}
          className="bg-ink text-canvas z-50 max-w-xs rounded-md px-2 py-1 text-xs shadow-md select-none"
        >
          {text}
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  );
}

/** What gets the focus by a click, or when a window opens, needs no word about it. */
function unlessVisible(event: FocusEvent<HTMLButtonElement>): void {
  if (!event.currentTarget.matches(":focus-visible")) event.preventDefault();
}
