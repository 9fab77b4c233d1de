import { Check } from "lucide-react";
import { DropdownMenu as Radix } from "radix-ui";
import type { ReactElement, ReactNode } from "react";
import { classes } from "@/ui/class-names";

const ITEM = classes(
  "flex min-h-9 cursor-pointer items-center gap-2.5 rounded-lg px-2.5 py-1.5 text-sm text-ink outline-none select-none max-md:min-h-10",
  "data-[disabled]:cursor-not-allowed data-[disabled]:opacity-50 data-[highlighted]:bg-raised",
);

export interface MenuProps {
  /** The button that opens it. */
  trigger: ReactElement;
  children: ReactNode;
  align?: "start" | "center" | "end";
  side?: "top" | "bottom";
  isOpen?: boolean;
  onOpenChange?: (isOpen: boolean) => void;
  className?: string;
}

/** A menu under a button: arrows, Home, End and first letters move in it, Escape closes it. */
export function Menu({
  trigger,
  children,
  align = "start",
  side = "bottom",
  isOpen,
  onOpenChange,
  className,
}: MenuProps) {
  const control = { ...(isOpen === undefined ? {} : { open: isOpen }), ...(onOpenChange ? { onOpenChange } : {}) };
  return (
    <Radix.Root modal={false} {...control}>
      <Radix.Trigger asChild>{trigger}</Radix.Trigger>
      <Radix.Portal>
        <Radix.Content
          align={align}
          side={side}
          sideOffset={6}
          collisionPadding={8}
          onCloseAutoFocus={keepFocusOfField}
          className={classes(
            "z-50 max-h-[var(--radix-dropdown-menu-content-available-height)] max-w-[calc(100vw-1rem)] min-w-44 overflow-y-auto",
            "border-line bg-surface rounded-xl border p-1 shadow-lg",
            className,
          )}
        >
          {children}
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  );
}

/** The focus goes back to the button, unless what was chosen opened a field and gave it the focus. */
function keepFocusOfField(event: Event): void {
  if (document.activeElement?.matches("input, textarea") === true) event.preventDefault();
}

export interface MenuItemProps {
  children: ReactNode;
  icon?: ReactNode;
  onSelect?: (event: Event) => void;
  isDisabled?: boolean;
  isDangerous?: boolean;
}

export function MenuItem({ children, icon, onSelect, isDisabled = false, isDangerous = false }: MenuItemProps) {
  return (
    <Radix.Item
      disabled={isDisabled}
      {...(onSelect ? { onSelect } : {})}
      className={classes(ITEM, isDangerous && "text-bad data-[highlighted]:bg-bad-soft")}
    >
      {icon && (
        <span aria-hidden="true" className="text-ink-soft inline-flex">
          {icon}
        </span>
      )}
      <span className="min-w-0 flex-1 truncate">{children}</span>
    </Radix.Item>
  );
}

export interface MenuChoice<T extends string> {
  value: T;
  label: ReactNode;
  isDisabled?: boolean;
}

/** A group of entries of which one is chosen. */
export function MenuChoices<T extends string>(props: {
  value: T;
  onChange: (value: T) => void;
  choices: readonly MenuChoice<T>[];
}) {
  return (
    <Radix.RadioGroup value={props.value} onValueChange={(value) => props.onChange(value as T)}>
      {props.choices.map((choice) => (
        <Radix.RadioItem
          key={choice.value}
          value={choice.value}
          disabled={choice.isDisabled ?? false}
          className={ITEM}
        >
          <span className="min-w-0 flex-1 truncate">{choice.label}</span>
          <Radix.ItemIndicator>
            <Check aria-hidden="true" className="text-accent-text size-4" />
          </Radix.ItemIndicator>
        </Radix.RadioItem>
      ))}
    </Radix.RadioGroup>
  );
}

export function MenuLabel({ children }: { children: ReactNode }) {
  return <Radix.Label className="text-ink-soft px-2.5 pt-2 pb-1 text-xs font-medium">{children}</Radix.Label>;
}

export function MenuSeparator() {
  return <Radix.Separator className="bg-line my-1 h-px" />;
}
