import { useTranslation } from "react-i18next";
import type { Device } from "@/protocol/wire";
import { ConfirmDialog, toast } from "@/ui";
import { useFailureText } from "./failure-text";
import { useDelete } from "./queries";

interface Props {
  device: Device;
  isOpen: boolean;
  onOpenChange: (isOpen: boolean) => void;
}

/** Asks before a device is deleted, and says what deleting does not do. */
export function DeviceDeletion({ device, isOpen, onOpenChange }: Props) {
  const { t } = useTranslation("devices");
  const failureText = useFailureText();
  const deletion = useDelete();
  const confirm = async () => {
    try {
      await deletion.mutateAsync(device.device_id);
    } catch {
      return; // It is shown below the question, which stays.
    }
    toast(t("deletion.done", { name: device.name }), { kind: "good" });
    onOpenChange(false);
  };
  const notes = [t("deletion.note"), device.status !== "offline" && t("deletion.running")];
  return (
    <ConfirmDialog
      isOpen={isOpen}
      onOpenChange={onOpenChange}
      title={t("deletion.title", { name: device.name })}
      description={notes.filter(Boolean).join("\n\n")}
      confirmLabel={t("deletion.confirm")}
      onConfirm={confirm}
      isDangerous
    >
      {deletion.error && (
        <p role="alert" className="text-bad mt-3 text-sm">
          {t("deletion.failed")}: {failureText(deletion.error)}
        </p>
      )}
    </ConfirmDialog>
  );
}
