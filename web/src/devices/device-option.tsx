import { Check, Cloud as CloudIcon } from "lucide-react";
import { DropdownMenu } from "radix-ui";
import { useId, useRef, type KeyboardEvent, type ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { CLOUD, type Device } from "@/protocol/wire";
import { classes } from "@/ui";
import { DefaultStar } from "./default-star";
import { presenceOf } from "./presence";
import { PresenceDot } from "./presence-dot";
import { useCloud } from "./queries";
import { relativeTime, useNow } from "./relative-time";

const ROW = classes(
  "group/row flex min-h-12 cursor-pointer items-center gap-3 rounded-lg py-1.5 pr-2.5 pl-2.5 text-sm outline-none select-none",
  "data-[highlighted]:bg-raised",
);

/** The operator's pool, as a choice. */
export function CloudOption() {
  const { t } = useTranslation("devices");
  const cloud = useCloud().data;
  const isThere = cloud !== undefined && cloud.executors > 0;
  const facts = isThere
    ? [
        t("picker.cloudReady"),
        t("slots", { ...cloud.slots }),
        cloud.queued > 0 && t("waiting", { count: cloud.queued }),
      ]
    : [t(cloud ? "picker.cloudNotSetUp" : "picker.cloudChecking")];
  return (
    <DropdownMenu.RadioItem value={CLOUD} textValue={t("picker.cloud")} className={ROW}>
      <CloudIcon aria-hidden="true" className="text-ink-soft -mx-0.5 size-3.5 shrink-0" />
      <Words name={t("picker.cloud")} isGrey={cloud !== undefined && !isThere} facts={facts} />
      <Chosen />
    </DropdownMenu.RadioItem>
  );
}

interface Props {
  device: Device;
  /** The beginning of its id, where another device has the same name. */
  distinction: string | null;
}

/** A device, as a choice, with its star: the right arrow goes there and the left one back. */
export function DeviceOption({ device, distinction }: Props) {
  const row = useRef<HTMLDivElement>(null);
  const star = useRef<HTMLButtonElement>(null);
  const presence = presenceOf(device);
  const hint = useId();
  const { t } = useTranslation("devices");
  const toStar = (event: KeyboardEvent) => {
    if (event.key === "ArrowRight") star.current?.focus();
  };
  const fromStar = (event: KeyboardEvent) => {
    // The menu's own keys move between the rows, and take Enter and Space for a choice.
    if (event.key === "Escape" || event.key === "Tab") return;
    event.stopPropagation();
    if (["ArrowLeft", "ArrowUp", "ArrowDown"].includes(event.key)) {
      event.preventDefault();
      row.current?.focus();
    }
  };
  return (
    <div className="relative">
      <DropdownMenu.RadioItem
        ref={row}
        value={device.device_id}
        textValue={device.name}
        aria-describedby={hint}
        className={classes(ROW, "pr-12")}
        onKeyDown={toStar}
      >
        <PresenceDot presence={presence} />
        <Words
          name={device.name}
          distinction={distinction}
          isGrey={presence === "offline"}
          facts={useFacts(device)}
        />
        <Chosen />
      </DropdownMenu.RadioItem>
      <span id={hint} hidden>
        {t("picker.starHint")}
      </span>
      <DefaultStar
        ref={star}
        device={device}
        distinction={distinction}
        role="menuitemcheckbox"
        tabIndex={-1}
        onKeyDown={fromStar}
        className="absolute top-1/2 right-1 -translate-y-1/2"
      />
    </div>
  );
}

function useFacts(device: Device): (string | false)[] {
  const { t, i18n } = useTranslation("devices");
  const now = useNow();
  const presence = presenceOf(device);
  if (presence === "offline") {
    const seen = device.last_seen
      ? t("lastSeen", { when: relativeTime(device.last_seen, now, i18n.language) })
      : t("neverSeen");
    return [t("status.offline"), seen, device.queued > 0 && t("waiting", { count: device.queued })];
  }
  return [
    t(`status.${presence}`),
    t("slots", { ...device.slots }),
    device.queued > 0 && t("waiting", { count: device.queued }),
  ];
}

interface WordsProps {
  name: string;
  distinction?: string | null;
  isGrey: boolean;
  facts: readonly (string | false)[];
}

function Words({ name, distinction = null, isGrey, facts }: WordsProps) {
  return (
    <span className="flex min-w-0 flex-1 flex-col">
      <span className={classes("flex min-w-0 items-baseline gap-1.5", isGrey ? "text-ink-soft" : "text-ink")}>
        <span className="truncate">{name}</span>
        {distinction !== null && <span className="text-ink-soft font-mono text-xs">{distinction}</span>}
      </span>
      <span className="text-ink-soft truncate text-xs">{facts.filter(Boolean).join(" · ")}</span>
    </span>
  );
}

function Chosen(): ReactNode {
  return (
    <DropdownMenu.ItemIndicator>
      <Check aria-hidden="true" className="text-accent-text size-4" />
    </DropdownMenu.ItemIndicator>
  );
}
