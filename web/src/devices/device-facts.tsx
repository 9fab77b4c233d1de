import { Check, Copy } from "lucide-react";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import type { Device } from "@/protocol/wire";
import { useCopied } from "./copied";
import { fullTime, relativeTime, useNow } from "./relative-time";
import { shortId } from "./short-id";

/** What a device is and offers, as pairs of words. */
export function DeviceFacts({ device }: { device: Device }) {
  const { t } = useTranslation("devices");
  const labels = Object.entries(device.labels).map(([name, value]) => (value ? `${name}=${value}` : name));
  return (
    <dl className="border-line mt-auto grid grid-cols-[auto_minmax(0,1fr)] gap-x-4 gap-y-2 border-t pt-4 text-sm">
      <Fact name={t("card.shells")}>{chips(device.shells)}</Fact>
      {device.folders.length > 0 && <Fact name={t("card.folders")}>{chips(device.folders, true)}</Fact>}
      {device.kernels.length > 0 && <Fact name={t("card.kernels")}>{chips(device.kernels)}</Fact>}
      {labels.length > 0 && <Fact name={t("card.labels")}>{chips(labels, true)}</Fact>}
      <Fact name={t("card.system")}>
        {device.platform} · {t("card.version", { version: device.version })}
      </Fact>
      <Fact name={t("card.seen")}>
        <LastSeen device={device} />
      </Fact>
      <Fact name={t("card.id")}>
        <Id deviceId={device.device_id} />
      </Fact>
    </dl>
  );
}

function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <>
      <dt className="text-ink-soft">{name}</dt>
      <dd className="text-ink min-w-0 [overflow-wrap:anywhere]">{children}</dd>
    </>
  );
}

function chips(words: readonly string[], isCode = false) {
  return (
    <span className="flex flex-wrap gap-1">
      {words.map((word) => (
        <span
          key={word}
          className={`bg-raised text-ink rounded-md px-1.5 py-0.5 text-xs leading-4 ${isCode ? "font-mono" : ""}`}
        >
          {word}
        </span>
      ))}
    </span>
  );
}

function LastSeen({ device }: { device: Device }) {
  const { t, i18n } = useTranslation("devices");
  const now = useNow();
  if (device.status !== "offline" && device.reconnecting !== true) return t("card.seenNow");
  if (device.last_seen === null) return t("neverSeen");
  return (
    <time dateTime={device.last_seen} title={fullTime(device.last_seen, i18n.language)}>
      {relativeTime(device.last_seen, now, i18n.language)}
    </time>
  );
}

function Id({ deviceId }: { deviceId: string }) {
  const { t } = useTranslation("devices");
  const { isCopied, copy } = useCopied();
  const Icon = isCopied ? Check : Copy;
  return (
    <button
      type="button"
      title={deviceId}
      aria-label={`${t("card.copyId")}: ${shortId(deviceId)}`}
      onClick={() => copy(deviceId)}
      className="text-ink hover:bg-raised -mx-1 inline-flex min-h-6 items-center gap-1.5 rounded-md px-1 font-mono text-xs max-md:min-h-10"
    >
      {shortId(deviceId)}
      <Icon aria-hidden="true" className="text-ink-soft size-3.5" />
    </button>
  );
}
