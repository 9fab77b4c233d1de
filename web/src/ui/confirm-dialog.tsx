import { AlertDialog as Radix } from "radix-ui";
import { useState, type ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { Button } from "@/ui/button";
import { classes } from "@/ui/class-names";
import { OVERLAY, PANEL } from "@/ui/dialog";

export interface ConfirmDialogProps {
  isOpen: boolean;
  onOpenChange: (isOpen: boolean) => void;
  title: string;
  /** What will happen, and what cannot be undone. */
  description: string;
  /** The word on the button that does it. */
  confirmLabel: string;
  /** Does it. The window stays open until this is over, and also after it failed: show the error in `children`. */
  onConfirm: () => Promise<void> | void;
  isDangerous?: boolean;
  children?: ReactNode;
}

/** Asks before something that cannot be undone. */
export function ConfirmDialog(props: ConfirmDialogProps) {
  const { t } = useTranslation("core");
  const [isBusy, setIsBusy] = useState(false);
  const confirm = async () => {
    setIsBusy(true);
    try {
      await props.onConfirm();
    } finally {
      setIsBusy(false);
    }
  };
  return (
    <Radix.Root open={props.isOpen} onOpenChange={props.onOpenChange}>
      <Radix.Portal>
        <Radix.Overlay className={OVERLAY} />
        <Radix.Content className={classes(PANEL, "max-w-md p-5")}>
          <Radix.Title className="text-ink text-base font-semibold">{props.title}</Radix.Title>
          <Radix.Description className="text-ink-soft mt-2 text-sm whitespace-pre-line">
            {props.description}
          </Radix.Description>
          {props.children}
          <div className="mt-5 flex flex-wrap justify-end gap-2">
            <Radix.Cancel asChild>
              <Button variant="ghost">{t("cancel")}</Button>
            </Radix.Cancel>
            <Button
              variant={props.isDangerous ? "danger" : "primary"}
              isBusy={isBusy}
              onClick={() => void confirm()}
            >
              {props.confirmLabel}
            </Button>
          </div>
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  );
}
