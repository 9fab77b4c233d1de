import { X } from "lucide-react";
import { Dialog as Radix } from "radix-ui";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { IconButton } from "@/ui";

interface Props {
  isOpen: boolean;
  onOpenChange: (isOpen: boolean) => void;
  children: ReactNode;
}

/** The sidebar on a phone: over the page, from the left. */
export function Drawer({ isOpen, onOpenChange, children }: Props) {
  const { t } = useTranslation("core");
  return (
    <Radix.Root open={isOpen} onOpenChange={onOpenChange}>
      <Radix.Portal>
        <Radix.Overlay className="fixed inset-0 z-30 bg-black/40" />
        <Radix.Content
          aria-describedby={undefined}
          onOpenAutoFocus={(event) => {
            event.preventDefault();
            (event.currentTarget as HTMLElement).focus();
          }}
          className="border-line bg-surface fixed inset-y-0 left-0 z-40 flex w-[min(20rem,calc(100vw-3rem))] flex-col border-r shadow-xl focus:outline-none"
        >
          <Radix.Title className="sr-only">{t("nav.label")}</Radix.Title>
          <Radix.Close asChild>
            <IconButton
              label={t("nav.close")}
              icon={<X className="size-5" />}
              className="absolute top-2 right-2"
            />
          </Radix.Close>
          {children}
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  );
}
