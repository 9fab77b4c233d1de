import { CircleAlert, X } from "lucide-react";
import { useTranslation } from "react-i18next";
import type { ApiError } from "@/connection/errors";
import { isPassing } from "@/connection/errors";
import { DeviceStatus } from "@/devices/device-status";
import { useErrorText } from "@/i18n/use-error-text";
import { CLOUD } from "@/protocol/wire";
import { Button, IconButton, Menu, MenuItem } from "@/ui";
import type { Choices } from "./use-choices";

interface Props {
  error: ApiError;
  choices: Choices;
  /** Send what is in the box in another way. */
  onSend: (way: { deviceId?: string; isWaiting?: boolean }) => void;
  onDismiss: () => void;
}

/** Why a message was not taken, and what can be done: it is back in the box. */
export function SendProblem({ error, choices, onSend, onDismiss }: Props) {
  const { t } = useTranslation("chat");
  const { title, text } = useWords(error, choices);
  return (
    <div
      role="alert"
      className="border-line bg-surface mb-2 flex gap-3 rounded-xl border py-2 pr-2 pl-4 text-sm shadow-sm"
    >
      <CircleAlert aria-hidden="true" className="text-bad mt-2.5 size-4 shrink-0" />
      <div className="min-w-0 flex-1 py-2">
        <p className="text-ink font-medium break-words">{title}</p>
        {text && <p className="text-ink-soft mt-0.5 break-words">{text}</p>}
        <Ways error={error} choices={choices} onSend={onSend} />
      </div>
      <IconButton label={t("problem.dismiss")} size="sm" icon={<X className="size-4" />} onClick={onDismiss} />
    </div>
  );
}

function useWords(error: ApiError, choices: Choices): { title: string; text: string } {
  const { t, i18n } = useTranslation("chat");
  const words = useErrorText()(error);
  const kept = t("problem.kept");
  if (error.code === "device_offline") {
    return { title: t("problem.offline", { device: choices.device?.name ?? t("turn.device") }), text: kept };
  }
  if (error.code === "no_cloud") return { title: t("problem.noCloud"), text: kept };
  if (i18n.language !== "en") return { title: words.text, text: [words.detail, kept].filter(Boolean).join(" ") };
  return { title: error.message || words.text, text: [error.hint, kept].filter(Boolean).join(" ") };
}

function Ways({ error, choices, onSend }: Omit<Props, "onDismiss">) {
  const { t } = useTranslation("chat");
  const isAway = error.code === "device_offline" || error.code === "no_cloud";
  if (!isAway) {
    return isPassing(error) ? (
      <div className="mt-3">
        <Button size="sm" onClick={() => onSend({})}>
          {t("problem.again")}
        </Button>
      </div>
    ) : null;
  }
  const target = choices.device?.name ?? t("turn.cloud");
  const others = choices.devices.filter(
    (device) => device.device_id !== choices.deviceId && device.status !== "offline",
  );
  return (
    <div className="mt-3 flex flex-wrap gap-2">
      {choices.hasCloud && choices.deviceId !== CLOUD && (
        <Button size="sm" variant="primary" onClick={() => onSend({ deviceId: CLOUD })}>
          {t("problem.toCloud")}
        </Button>
      )}
      {others.length > 0 && (
        <Menu side="top" trigger={<Button size="sm">{t("problem.toOther")}</Button>}>
          {others.map((device) => (
            <MenuItem
              key={device.device_id}
              icon={<DeviceStatus device={device} compact />}
              onSelect={() => onSend({ deviceId: device.device_id })}
            >
              {device.name}
            </MenuItem>
          ))}
        </Menu>
      )}
      <Button size="sm" onClick={() => onSend({ isWaiting: true })}>
        {t("problem.wait", { device: target })}
      </Button>
    </div>
  );
}
