import { Link } from "wouter";
import { MonitorUp } from "lucide-react";
import { useTranslation } from "react-i18next";
import { DevicePicker } from "@/devices/device-picker";
import { FolderPicker } from "./folder-picker";
import { OptionsPanel } from "./options-panel";
import { ShellPicker } from "./shell-picker";
import { DEFAULT_SHELL } from "./target";
import type { Choices } from "./use-choices";

/** What can be chosen for the next message: device, shell, folder, options. On a phone it is a row of its own. */
export function ChoiceBar({ choices }: { choices: Choices }) {
  const { t } = useTranslation("chat");
  const { device, deviceId, shell, shells, change } = choices;
  const isClaude = shell === null || shell === DEFAULT_SHELL;
  return (
    <div className="flex min-w-0 flex-1 items-center gap-1 max-sm:order-first max-sm:basis-full">
      {deviceId === null ? (
        choices.isKnown && (
          <Link
            href="/devices?add"
            className="border-line text-accent-text hover:bg-raised inline-flex min-h-9 items-center gap-2 rounded-lg border px-3 text-sm font-medium max-md:min-h-10"
          >
            <MonitorUp aria-hidden="true" className="size-4" />
            {t("composer.addComputer")}
          </Link>
        )
      ) : (
        <DevicePicker
          value={deviceId}
          onChange={(chosen) => change({ deviceId: chosen, shell: null, workdir: null })}
        />
      )}
      {shell !== null && shells.length > 1 && (
        <ShellPicker shells={shells} value={shell} onChange={(chosen) => change({ shell: chosen })} />
      )}
      {device !== null && device.folders.length > 0 && (
        <FolderPicker
          key={device.device_id}
          device={device}
          value={choices.folder}
          onChange={(workdir) => change({ workdir })}
        />
      )}
      {isClaude && deviceId !== null && (
        <OptionsPanel
          model={choices.model}
          permissionMode={choices.permissionMode}
          onModel={(model) => change({ model })}
          onPermissionMode={(permissionMode) => change({ permissionMode })}
        />
      )}
    </div>
  );
}
