import { Folder } from "lucide-react";
import { useState, type SyntheticEvent } from "react";
import { useTranslation } from "react-i18next";
import type { Device } from "@/protocol/wire";
import { Button, TextField } from "@/ui";
import { ChoiceButton } from "./choice-button";
import { Popover } from "./popover";
import { RadioList } from "./radio-list";
import { isOffered } from "./target";

interface Props {
  device: Device;
  /** "" is the task's own folder. */
  value: string;
  onChange: (folder: string) => void;
}

/** Chooses the folder to work in: the task's own, one that the device offers, or one inside of those. */
export function FolderPicker({ device, value, onChange }: Props) {
  const { t } = useTranslation("chat");
  const [isOpen, setIsOpen] = useState(false);
  const choose = (folder: string): void => {
    onChange(folder);
    setIsOpen(false);
  };
  const inside = value === "" || device.folders.includes(value) ? [] : [value];
  return (
    <Popover
      title={t("folder.title", { device: device.name })}
      isOpen={isOpen}
      onOpenChange={setIsOpen}
      trigger={
        <ChoiceButton
          label={t("folder.label", { folder: value === "" ? t("folder.own") : value })}
          icon={<Folder className="size-4" />}
          word={value === "" ? undefined : lastPart(value)}
          isWordHidden
        />
      }
    >
      <RadioList
        legend={t("folder.legend")}
        value={value}
        onChange={choose}
        choices={[
          { value: "", label: t("folder.own"), about: t("folder.ownAbout") },
          ...[...device.folders, ...inside].map((folder) => ({
            value: folder,
            label: <code className="font-mono text-[0.8125rem]">{folder}</code>,
          })),
        ]}
      />
      <OtherFolder device={device} onChoose={choose} />
    </Popover>
  );
}

function OtherFolder({ device, onChoose }: { device: Device; onChoose: (folder: string) => void }) {
  const { t } = useTranslation("chat");
  const [path, setPath] = useState(`${device.folders[0] ?? ""}/`);
  const [isRefused, setIsRefused] = useState(false);
  const submit = (event: SyntheticEvent): void => {
    event.preventDefault();
    const folder = path.trim().replace(/(.)[\\/]+$/, "$1");
    if (folder !== "" && isOffered(folder, device)) onChoose(folder);
    else setIsRefused(true);
  };
  return (
    <form onSubmit={submit} className="border-line mt-3 flex flex-col gap-2 border-t pt-3">
      <TextField
        label={t("folder.other")}
        value={path}
        spellCheck={false}
        autoCapitalize="off"
        autoComplete="off"
        onChange={(event) => {
          setPath(event.target.value);
          setIsRefused(false);
        }}
        hint={t("folder.otherHint")}
        error={isRefused ? t("folder.refused", { device: device.name }) : undefined}
      />
      <Button type="submit" size="sm" className="self-end">
        {t("folder.use")}
      </Button>
    </form>
  );
}

function lastPart(path: string): string {
  return path.split(/[\\/]/).filter(Boolean).at(-1) ?? path;
}
