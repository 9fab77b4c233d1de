import { Popover as Radix } from "radix-ui";
import type { ReactElement, ReactNode } from "react";

interface Props {
  trigger: ReactElement;
  title: string;
  children: ReactNode;
  isOpen?: boolean;
  onOpenChange?: (isOpen: boolean) => void;
}

/** A small panel above its button. Escape closes it, and the focus returns to the button. */
export function Popover({ trigger, title, children, isOpen, onOpenChange }: Props) {
  const control = { ...(isOpen === undefined ? {} : { open: isOpen }), ...(onOpenChange ? { onOpenChange } : {}) };
  return (
    <Radix.Root {...control}>
      <Radix.Trigger asChild>{trigger}</Radix.Trigger>
      <Radix.Portal>
        <Radix.Content
          side="top"
          align="start"
          sideOffset={8}
          collisionPadding={8}
          aria-label={title}
          className="border-line bg-surface z-50 max-h-[var(--radix-popover-content-available-height)] w-[min(22rem,calc(100vw-1rem))] overflow-y-auto rounded-xl border p-4 shadow-lg"
        >
          <p className="text-ink mb-3 text-sm font-semibold">{title}</p>
          {children}
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  );
}
