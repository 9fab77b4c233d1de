import { Copy, EllipsisVertical, PenLine, Trash2 } from "lucide-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { Device } from "@/protocol/wire";
import { Badge, copyText, IconButton, Menu, MenuItem, MenuSeparator, toast } from "@/ui";
import { DefaultStar } from "./default-star";
import { DeviceDeletion } from "./device-deletion";
import { DeviceFacts } from "./device-facts";
import { DeviceName } from "./device-name";
import { DeviceStatus } from "./device-status";
import { LoadMeters } from "./load-meters";
import { RunningTasks } from "./running-tasks";
import { tellingName } from "./short-id";
import { SlotsBar } from "./slots-bar";

interface Props {
  device: Device;
  /** The beginning of its id, where another device has the same name. */
  distinction: string | null;
}

/** One device with all that is known of it and what can be done with it. */
export function DeviceCard({ device, distinction }: Props) {
  const [isRenaming, setRenaming] = useState(false);
  const [isDeleting, setDeleting] = useState(false);
  const isOffline = device.status === "offline";
  return (
    <article
      aria-label={device.name}
      className="border-line bg-surface flex h-full flex-col gap-5 rounded-xl border p-5"
    >
      <header className="flex items-start gap-1">
        <div className="min-w-0 flex-1 pt-1.5">
          <DeviceName
            device={device}
            distinction={distinction}
            isEdited={isRenaming}
            onEnd={() => setRenaming(false)}
          />
          <Marks device={device} />
        </div>
        {device.kind === "local" && <DefaultStar device={device} distinction={distinction} />}
        <Actions
          device={device}
          distinction={distinction}
          onRename={() => setRenaming(true)}
          onDelete={() => setDeleting(true)}
        />
      </header>
      <div className="grid gap-4">
        <SlotsBar slots={device.slots} queued={device.queued} />
        {!isOffline && <LoadMeters load={device.load ?? {}} />}
      </div>
      {device.running.length > 0 && <RunningTasks subtaskIds={device.running} />}
      <DeviceFacts device={device} />
      <DeviceDeletion device={device} isOpen={isDeleting} onOpenChange={setDeleting} />
    </article>
  );
}

function Marks({ device }: { device: Device }) {
  const { t } = useTranslation("devices");
  return (
    <p className="mt-1 flex flex-wrap items-center gap-x-3 gap-y-1">
      <DeviceStatus device={device} />
      {device.is_default && <Badge tone="warn">{t("default")}</Badge>}
      {device.kind === "cloud" && <Badge>{t("card.cloudPool")}</Badge>}
    </p>
  );
}

interface ActionsProps extends Props {
  onRename: () => void;
  onDelete: () => void;
}

function Actions({ device, distinction, onRename, onDelete }: ActionsProps) {
  const { t } = useTranslation("devices");
  const copyId = async () => {
    if (await copyText(device.device_id)) toast(t("card.idCopied"), { kind: "good" });
  };
  const trigger = (
    <IconButton
      label={t("card.more", { name: tellingName(device.name, distinction) })}
      icon={<EllipsisVertical className="size-4" />}
    />
  );
  return (
    <Menu trigger={trigger} align="end">
      <MenuItem icon={<PenLine className="size-4" />} onSelect={onRename}>
        {t("card.rename")}
      </MenuItem>
      <MenuItem icon={<Copy className="size-4" />} onSelect={() => void copyId()}>
        {t("card.copyId")}
      </MenuItem>
      <MenuSeparator />
      <MenuItem icon={<Trash2 className="size-4" />} isDangerous onSelect={onDelete}>
        {t("card.delete")}
      </MenuItem>
    </Menu>
  );
}
