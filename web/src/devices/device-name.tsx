import { useEffect, useRef, useState, type SyntheticEvent } from "react";
import { useTranslation } from "react-i18next";
import type { Device } from "@/protocol/wire";
import { Button, classes, TextField, toast } from "@/ui";
import { useFailureText } from "./failure-text";
import { useRename } from "./queries";

/** After so long the menu that opened the field has given the focus back to its own button. */
const MENU_CLOSED_MS = 50;

interface Props {
  device: Pick<Device, "device_id" | "name" | "status">;
  distinction: string | null;
  isEdited: boolean;
  onEnd: () => void;
}

/** A device's name, or the field that changes it: Enter saves, Escape gives up. */
export function DeviceName({ device, distinction, isEdited, onEnd }: Props) {
  const isOffline = device.status === "offline";
  return (
    <>
      <h2
        className={
          isEdited ? "sr-only" : classes("text-base font-semibold", isOffline ? "text-ink-soft" : "text-ink")
        }
      >
        <span className="[overflow-wrap:anywhere]">{device.name}</span>{" "}
        {distinction !== null && (
          <span className="text-ink-soft font-mono text-xs font-normal">{distinction}</span>
        )}
      </h2>
      {isEdited && <NameField device={device} onEnd={onEnd} />}
    </>
  );
}

function NameField({ device, onEnd }: Pick<Props, "device" | "onEnd">) {
  const { t } = useTranslation("devices");
  const [name, setName] = useState(device.name);
  const field = useRef<HTMLInputElement>(null);
  const rename = useRename();
  const failureText = useFailureText();
  useEffect(() => {
    const timer = setTimeout(() => field.current?.select(), MENU_CLOSED_MS);
    return () => clearTimeout(timer);
  }, []);
  const save = (event: SyntheticEvent) => {
    event.preventDefault();
    const wanted = name.trim();
    if (wanted === "" || wanted === device.name) {
      onEnd();
      return;
    }
    rename.mutate(
      { deviceId: device.device_id, name: wanted },
      {
        onSuccess: () => {
          toast(t("renamed", { name: wanted }), { kind: "good" });
          onEnd();
        },
      },
    );
  };
  return (
    <form onSubmit={save} className="mb-2 grid gap-2">
      <TextField
        ref={field}
        label={t("card.newName")}
        isLabelHidden
        value={name}
        maxLength={200}
        onKeyDown={(event) => {
          if (event.key === "Escape") onEnd();
        }}
        onChange={(event) => setName(event.target.value)}
        error={rename.error ? failureText(rename.error) : undefined}
      />
      <div className="flex gap-2">
        <Button type="submit" variant="primary" size="sm" isBusy={rename.isPending}>
          {t("card.save")}
        </Button>
        <Button variant="ghost" size="sm" onClick={onEnd}>
          {t("card.cancel")}
        </Button>
      </div>
    </form>
  );
}
