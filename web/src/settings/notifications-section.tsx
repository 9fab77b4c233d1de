import { Switch } from "radix-ui";
import { useId } from "react";
import { useTranslation } from "react-i18next";
import { turnOffNotifications, turnOnNotifications, useNotifications } from "./notifications";
import { Section } from "./section";

/** Whether this browser tells of ended tasks. The browser is asked when this is turned on, and not before. */
export function NotificationsSection() {
  const { t } = useTranslation("settings");
  const state = useNotifications();
  const id = useId();
  const toggle = (isOn: boolean) => {
    if (isOn) void turnOnNotifications();
    else turnOffNotifications();
  };
  const isRefused = state === "blocked" || state === "unsupported";
  return (
    <Section id="notifications" title={t("notifications.title")} lead={t("notifications.lead")}>
      <div className="flex items-center gap-6 p-4">
        <div className="min-w-0 flex-1">
          <label htmlFor={id} className="text-ink text-sm font-medium">
            {t("notifications.label")}
          </label>
          <p id={`${id}-about`} className="text-ink-soft mt-1 text-sm">
            {t("notifications.about")}
          </p>
          <p role="status" className={isRefused ? "text-warn mt-2 text-sm" : ""}>
            {isRefused && t(`notifications.${state}`)}
          </p>
        </div>
        <Switch.Root
          id={id}
          checked={state === "on"}
          disabled={isRefused}
          aria-describedby={`${id}-about`}
          onCheckedChange={toggle}
          className="bg-line-strong data-[state=checked]:bg-accent relative h-6 w-11 shrink-0 rounded-full transition-colors before:absolute before:-inset-2 disabled:cursor-not-allowed disabled:opacity-50"
        >
          <Switch.Thumb className="bg-surface block size-5 translate-x-0.5 rounded-full shadow-sm transition-transform data-[state=checked]:translate-x-[1.375rem]" />
        </Switch.Root>
      </div>
    </Section>
  );
}
