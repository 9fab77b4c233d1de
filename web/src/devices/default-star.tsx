import { Star } from "lucide-react";
import type { ComponentProps } from "react";
import { useTranslation } from "react-i18next";
import type { Device } from "@/protocol/wire";
import { classes, toast } from "@/ui";
import { useFailureText } from "./failure-text";
import { useSetDefault } from "./queries";
import { tellingName } from "./short-id";

interface Props extends Omit<ComponentProps<"button">, "children"> {
  device: Pick<Device, "device_id" | "name" | "is_default">;
  /** The beginning of its id, where another device has the same name. */
  distinction: string | null;
}

/** The star that makes a device the default for new conversations, and no longer when clicked again. */
export function DefaultStar({ device, distinction, className, ...rest }: Props) {
  const { t } = useTranslation("devices");
  const setDefault = useSetDefault();
  const failureText = useFailureText();
  const name = tellingName(device.name, distinction);
  const title = t(device.is_default ? "unsetDefault" : "setDefault", { name });
  const toggle = () =>
    setDefault.mutate(
      { deviceId: device.device_id, isDefault: !device.is_default },
      { onError: (error) => toast(`${t("defaultFailed")}: ${failureText(error)}`, { kind: "bad" }) },
    );
  return (
    <button
      type="button"
      aria-label={t("setDefault", { name })}
      {...(rest.role === "menuitemcheckbox"
        ? { "aria-checked": device.is_default }
        : { "aria-pressed": device.is_default })}
      title={title}
      onClick={toggle}
      className={classes(
        "hover:bg-raised inline-flex size-10 shrink-0 items-center justify-center rounded-lg transition-colors",
        device.is_default ? "text-warn" : "text-ink-soft hover:text-ink",
        className,
      )}
      {...rest}
    >
      <Star aria-hidden="true" className={classes("size-4", device.is_default && "fill-dot-busy")} />
    </button>
  );
}
