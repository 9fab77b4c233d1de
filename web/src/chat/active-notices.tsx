import { Hand, Hourglass, PlugZap } from "lucide-react";
import { useEffect, useState, type ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "wouter";
import { useReportedFailure } from "@/composer/use-reported-failure";
import { useActions, useDevices, useTurn, type Turn } from "@/connection/hooks";
import { useNow } from "@/devices/relative-time";
import type { Device, Subtask } from "@/protocol/wire";
import { Button } from "@/ui";
import { openQuestion } from "./open-question";
import { Quiet, QUIET_MS } from "./quiet";
import { useStanding } from "./use-standing";

/** What somebody should know of the turn under way: its device is cut off, or it has said nothing for long. */
export function ActiveNotices({ turn }: { turn: Subtask }) {
  const { t } = useTranslation("chat");
  const standing = useStanding(turn);
  const output = useTurn(turn.subtask_id);
  const device = useDevices().find((one) => one.device_id === standing.deviceId) ?? null;
  const isUnderWay = standing.state === "running" || standing.state === "cancelling";
  const quietMinutes = useQuietMinutes(turn.subtask_id, output, standing.state === "running");
  const isAsking = openQuestion(output.transcript) !== null;

  if (device?.reconnecting === true && isUnderWay) {
    return (
      <Notice icon={<PlugZap className="size-4" />} title={t("notice.reconnecting", { device: device.name })}>
        {t("notice.reconnectingText")}
      </Notice>
    );
  }
  if (standing.state === "queued" && device?.status === "offline") return <Offline device={device} />;
  if (quietMinutes === null) return null;
  if (isAsking) {
    return (
      <Notice icon={<Hand className="size-4" />} title={t("notice.asking", { count: quietMinutes })}>
        {t("notice.askingText")}
      </Notice>
    );
  }
  return <QuietNotice turn={turn} minutes={quietMinutes} device={device} />;
}

function Offline({ device }: { device: Device }) {
  const { t } = useTranslation("chat");
  return (
    <Notice icon={<PlugZap className="size-4" />} title={t("notice.offline", { device: device.name })}>
      {t("notice.offlineText")}
    </Notice>
  );
}

function QuietNotice({ turn, minutes, device }: { turn: Subtask; minutes: number; device: Device | null }) {
  const { t } = useTranslation("chat");
  const actions = useActions();
  const report = useReportedFailure();
  const stop = (): void => {
    report(actions.cancel(turn.subtask_id)).catch(() => undefined);
  };
  return (
    <Notice icon={<Hourglass className="size-4" />} title={t("notice.quiet", { count: minutes })}>
      <p>{t("notice.quietText", { device: device?.name ?? t("turn.device") })}</p>
      <div className="mt-2 flex flex-wrap items-center gap-2">
        <Button size="sm" onClick={stop}>
          {t("notice.stop")}
        </Button>
        <Link
          href="/devices"
          className="text-accent-text inline-flex min-h-8 items-center px-2 text-sm font-medium hover:underline max-md:min-h-10"
        >
          {t("notice.lookAtDevice")}
        </Link>
      </div>
    </Notice>
  );
}

function Notice({ icon, title, children }: { icon: ReactNode; title: string; children: ReactNode }) {
  return (
    <div role="status" className="bg-warn-soft mb-2 flex gap-3 rounded-xl px-4 py-3 text-sm">
      <span aria-hidden="true" className="text-warn mt-0.5 shrink-0">
        {icon}
      </span>
      <div className="min-w-0">
        <p className="text-warn font-medium">{title}</p>
        <div className="text-ink">{children}</div>
      </div>
    </div>
  );
}

/** For how many minutes a running turn has said nothing; null while that is not long. */
function useQuietMinutes(subtaskId: string, output: Turn, isRunning: boolean): number | null {
  const [quiet] = useState(() => new Quiet(sessionStorage));
  const now = useNow(30);
  const { seq } = output.transcript;
  useEffect(() => {
    if (isRunning && output.isCaughtUp) quiet.hear(subtaskId, seq);
    if (output.done !== null) quiet.forget(subtaskId);
  }, [quiet, subtaskId, seq, isRunning, output.isCaughtUp, output.done]);
  const since = isRunning && output.isCaughtUp ? quiet.since(subtaskId, seq) : null;
  if (since === null || now - since < QUIET_MS) return null;
  return Math.floor((now - since) / 60_000);
}
