import { useTranslation } from "react-i18next";
import { Dialog } from "@/ui";
import { MadeToken } from "./made-token";
import { NewTokenForm } from "./new-token-form";
import { useMakeToken } from "./queries";

interface Props {
  isOpen: boolean;
  onOpenChange: (isOpen: boolean) => void;
}

/** Asks what a token is for, then shows it: this once. */
export function NewToken({ isOpen, onOpenChange }: Props) {
  const { t } = useTranslation("settings");
  const making = useMakeToken();
  const change = (open: boolean) => {
    if (!open) making.reset();
    onOpenChange(open);
  };
  return (
    <Dialog
      isOpen={isOpen}
      onOpenChange={change}
      title={t(making.data ? "madeToken.title" : "newToken.title")}
      size={making.data ? "lg" : "md"}
    >
      {making.data ? (
        <MadeToken made={making.data} onDone={() => change(false)} />
      ) : (
        <NewTokenForm making={making} onCancel={() => change(false)} />
      )}
    </Dialog>
  );
}
