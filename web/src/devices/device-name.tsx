import { useEffect, useRef, useState, type SyntheticEvent } from "react";
import { useTranslation } from "react-i18next";
import type { Device } from "@/protocol/wire";
import { Button, TextField, toast } from "@/ui";
import { useFailureText } from "./failure-text";
import { useRename } from "./queries";

interface Props {
  device: Pick<Device, "device_id" | "name">;
  distinction: string | null;
  isEdited: boolean;
  onEnd: () => void;
}

/** A device's name, or the field that changes it: Enter saves, Escape gives up. */
export function DeviceName({ device, distinction, isEdited, onEnd }: Props) {
  if (isEdited) return <NameField device={device} onEnd={onEnd} />;
  return (
    <h2 className="text-ink flex items-baseline gap-2 text-base font-semibold">
      <span className="min-w-0 [overflow-wrap:anywhere]">{device.name}</span>
      {distinction !== null && <span className="text-ink-soft font-mono text-xs font-normal">{distinction}</span>}
    </h2>
  );
}

function NameField({ device, onEnd }: Pick<Props, "device" | "onEnd">) {
  const { t } = useTranslation("devices");
  const [name, setName] = useState(device.name);
  const field = useRef<HTMLInputElement>(null);
  const rename = useRename();
  const failureText = useFailureText();
  // The menu that opened the field gives the focus back to its button first.
  useEffect(() => {
    const frame = requestAnimationFrame(() => field.current?.select());
    return () => cancelAnimationFrame(frame);
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
