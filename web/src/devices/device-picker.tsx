import { ChevronDown, Cloud as CloudIcon, MonitorCog, Plus } from "lucide-react";
import { DropdownMenu } from "radix-ui";
import { useTranslation } from "react-i18next";
import { useLocation } from "wouter";
import { useDevices } from "@/connection/hooks";
import { CLOUD, type Device } from "@/protocol/wire";
import { classes } from "@/ui";
import { CloudOption, DeviceOption } from "./device-option";
import { presenceOf } from "./presence";
import { PresenceDot } from "./presence-dot";
import { useCloud, useWithWishedDefault } from "./queries";
import { distinction, tellingName } from "./short-id";

interface Props {
  /** A device's id, or `cloud`. */
  value: string;
  onChange: (deviceId: string) => void;
  disabled?: boolean;
}

/** Chooses where the next message runs: the cloud first, then one's own devices. */
export function DevicePicker({ value, onChange, disabled = false }: Props) {
  const devices = useWithWishedDefault(useDevices()).filter((device) => device.kind === "local");
  return (
    <DropdownMenu.Root modal={false}>
      <Trigger value={value} devices={devices} disabled={disabled} />
      <DropdownMenu.Portal>
        <DropdownMenu.Content
          align="start"
          side="top"
          sideOffset={8}
          collisionPadding={8}
          className={classes(
            "z-50 flex max-h-[min(28rem,var(--radix-dropdown-menu-content-available-height))] flex-col",
            "border-line bg-surface w-[min(23rem,calc(100vw-1rem))] overflow-hidden rounded-xl border shadow-lg",
          )}
        >
          <Choices value={value} devices={devices} onChange={onChange} />
          <Ways />
        </DropdownMenu.Content>
      </DropdownMenu.Portal>
    </DropdownMenu.Root>
  );
}

function Trigger({ value, devices, disabled }: { value: string; devices: readonly Device[]; disabled: boolean }) {
  const { t } = useTranslation("devices");
  const { name, state, mark } = useChosen(value, devices);
  return (
    <DropdownMenu.Trigger
      disabled={disabled}
      aria-label={t("picker.label", { name, state })}
      title={`${name} · ${state}`}
      className={classes(
        "group border-line bg-surface inline-flex min-h-9 max-w-56 min-w-0 items-center gap-2 rounded-lg border px-2.5 text-sm",
        "text-ink hover:bg-raised data-[state=open]:bg-raised transition-colors max-md:min-h-10",
        "disabled:cursor-not-allowed disabled:opacity-50",
      )}
    >
      {mark}
      <span className="min-w-0 truncate">{name}</span>
      <ChevronDown
        aria-hidden="true"
        className="text-ink-soft size-3.5 shrink-0 transition-transform group-data-[state=open]:rotate-180"
      />
    </DropdownMenu.Trigger>
  );
}

function useChosen(value: string, devices: readonly Device[]) {
  const { t } = useTranslation("devices");
  const cloud = useCloud().data;
  if (value === CLOUD) {
    const state = !cloud
      ? "picker.cloudChecking"
      : cloud.executors > 0
        ? "picker.cloudReady"
        : "picker.cloudNotSetUp";
    const mark = <CloudIcon aria-hidden="true" className="text-ink-soft size-4 shrink-0" />;
    return { name: t("picker.cloud"), state: t(state), mark };
  }
  const device = devices.find((one) => one.device_id === value);
  if (!device) {
    return {
      name: t("picker.unknown"),
      state: t("picker.unknownState"),
      mark: <PresenceDot presence="offline" />,
    };
  }
  const presence = presenceOf(device);
  const name = tellingName(device.name, distinction(device, devices));
  return { name, state: t(`status.${presence}`), mark: <PresenceDot presence={presence} /> };
}

function Choices({
  value,
  devices,
  onChange,
}: {
  value: string;
  devices: readonly Device[];
  onChange: Props["onChange"];
}) {
  const { t } = useTranslation("devices");
  return (
    <div className="min-h-0 overflow-y-auto p-1">
      <DropdownMenu.Label className="text-ink-soft px-2.5 pt-2 pb-1 text-xs font-medium">
        {t("picker.title")}
      </DropdownMenu.Label>
      <DropdownMenu.RadioGroup value={value} onValueChange={onChange} aria-label={t("picker.title")}>
        <CloudOption />
        {devices.map((device) => (
          <DeviceOption key={device.device_id} device={device} distinction={distinction(device, devices)} />
        ))}
      </DropdownMenu.RadioGroup>
      {devices.length === 0 && <p className="text-ink-soft px-2.5 py-2 text-sm">{t("picker.none")}</p>}
    </div>
  );
}

/** What is below the choices: the ways to the devices' own page. */
function Ways() {
  const { t } = useTranslation("devices");
  const [, navigate] = useLocation();
  const className =
    "flex min-h-9 flex-1 cursor-pointer items-center justify-center gap-2 rounded-lg px-2 text-center text-sm text-ink-soft outline-none data-[highlighted]:bg-raised data-[highlighted]:text-ink max-md:min-h-10";
  return (
    <div className="border-line flex shrink-0 gap-1 border-t p-1">
      <DropdownMenu.Item className={className} onSelect={() => navigate("/devices")}>
        <MonitorCog aria-hidden="true" className="size-4" />
        {t("picker.manage")}
      </DropdownMenu.Item>
      <DropdownMenu.Item className={className} onSelect={() => navigate("/devices?add")}>
        <Plus aria-hidden="true" className="size-4" />
        {t("picker.add")}
      </DropdownMenu.Item>
    </div>
  );
}
