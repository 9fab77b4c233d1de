import { X } from "lucide-react";
import { Dialog as Radix } from "radix-ui";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { classes } from "@/ui/class-names";
import { IconButton } from "@/ui/icon-button";

export interface DialogProps {
  isOpen: boolean;
  onOpenChange: (isOpen: boolean) => void;
  title: string;
  /** One sentence under the title. */
  description?: string;
  children?: ReactNode;
  /** The buttons below, the main one last. */
  footer?: ReactNode;
  size?: "sm" | "md" | "lg";
}

const SIZES = { sm: "max-w-sm", md: "max-w-lg", lg: "max-w-2xl" };

export const OVERLAY = "fixed inset-0 z-40 bg-black/40";
export const PANEL = classes(
  "fixed top-1/2 left-1/2 z-50 flex max-h-[min(85dvh,50rem)] w-[calc(100vw-2rem)] -translate-x-1/2 -translate-y-1/2",
  "flex-col rounded-xl border border-line bg-surface shadow-xl focus:outline-none",
);

/** A window over the page: focus stays inside, Escape closes it, and focus returns to where it was. */
export function Dialog({ isOpen, onOpenChange, title, description, children, footer, size = "md" }: DialogProps) {
  const { t } = useTranslation("core");
  return (
    <Radix.Root open={isOpen} onOpenChange={onOpenChange}>
      <Radix.Portal>
        <Radix.Overlay className={OVERLAY} />
        <Radix.Content
          className={classes(PANEL, SIZES[size])}
          onOpenAutoFocus={(event) => {
            // The window itself, so that its title is read; unless a field of it asked for the focus.
            event.preventDefault();
            const window = event.currentTarget as HTMLElement;
            if (!window.contains(document.activeElement)) window.focus();
          }}
          {...(description ? {} : { "aria-describedby": undefined })}
        >
          <div className="p-5 pr-14 pb-3">
            <Radix.Title className="text-ink text-base font-semibold">{title}</Radix.Title>
            {description && (
              <Radix.Description className="text-ink-soft mt-1 text-sm">{description}</Radix.Description>
            )}
          </div>
          <div className="min-h-0 flex-1 overflow-y-auto px-5 pb-5">{children}</div>
          {footer && (
            <div className="border-line flex flex-wrap justify-end gap-2 border-t px-5 py-4">{footer}</div>
          )}
          <Radix.Close asChild>
            <IconButton
              label={t("close")}
              icon={<X className="size-4" />}
              size="sm"
              className="absolute top-3.5 right-3.5"
            />
          </Radix.Close>
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  );
}
