import { ArrowRightLeft, Clock, Cloud, Hand, Hourglass, X } from "lucide-react";
import { useState, type ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { useReportedFailure } from "@/composer/use-reported-failure";
import { useActions, useDevices, useTurn } from "@/connection/hooks";
import { DeviceStatus } from "@/devices/device-status";
import { useCloud } from "@/devices/queries";
import { useNow } from "@/devices/relative-time";
import { CLOUD, type Subtask } from "@/protocol/wire";
import { useDuration } from "@/stream/duration";
import { Badge, Button, Menu, MenuItem, Spinner } from "@/ui";
import { openQuestion } from "./open-question";
import { useDeviceName } from "./use-device-name";
import type { Standing } from "./use-standing";

/** A turn that has not ended: its state in words, and the ways to stop or move it. */
export function UnsettledLine({ turn, standing }: { turn: Subtask; standing: Standing }) {
  const isWaiting = standing.state === "queued";
  return (
    <div className="flex flex-wrap items-center gap-x-3 gap-y-2">
      <StateBadge turn={turn} standing={standing} />
      <span className="text-ink-soft min-w-0 text-sm">
        <Words turn={turn} standing={standing} />
      </span>
      {isWaiting && (
        <span className="ml-auto flex flex-wrap items-center gap-1">
          <MoveMenu turn={turn} deviceId={standing.deviceId} />
          <Cancel turn={turn} />
        </span>
      )}
    </div>
  );
}

function StateBadge({ turn, standing: { state } }: { turn: Subtask; standing: Standing }) {
  const { t } = useTranslation("chat");
  const { transcript } = useTurn(turn.subtask_id);
  if (state === "running" && openQuestion(transcript) !== null) {
    return <StateMark tone="warn" icon={<Hand className="size-3.5" />} word={t("state.asking")} />;
  }
  if (state === "running")
    return <StateMark tone="accent" icon={<Spinner className="size-3.5" />} word={t("state.running")} />;
  if (state === "cancelling") {
    return <StateMark tone="warn" icon={<Spinner className="size-3.5" />} word={t("state.cancelling")} />;
  }
  if (state === "offered")
    return <StateMark tone="neutral" icon={<Hourglass className="size-3.5" />} word={t("state.offered")} />;
  return <StateMark tone="neutral" icon={<Clock className="size-3.5" />} word={t("state.queued")} />;
}

function StateMark({ tone, icon, word }: { tone: "neutral" | "accent" | "warn"; icon: ReactNode; word: string }) {
  return (
    <Badge tone={tone} icon={icon}>
      {word}
    </Badge>
  );
}

function Words({ turn, standing }: { turn: Subtask; standing: Standing }) {
  const { t } = useTranslation("chat");
  const device = useDeviceName()(standing.deviceId, standing.labels);
  switch (standing.state) {
    case "queued": {
      const place =
        standing.place === null
          ? t("turn.waiting", { device })
          : t("turn.place", { device, count: standing.place, ordinal: true });
      return standing.waitingReason === null ? place : `${place} · ${standing.waitingReason}`;
    }
    case "offered":
      return t("turn.offered", { device });
    case "cancelling":
      return t("turn.stopping", { device });
    default:
      return <Elapsed turn={turn} device={device} />;
  }
}

function Elapsed({ turn, device }: { turn: Subtask; device: string }) {
  const { t } = useTranslation("chat");
  const now = useNow(1);
  const began = turn.started_at === null ? null : Date.parse(turn.started_at);
  const seconds = began === null ? null : Math.max(0, Math.floor((now - began) / 1000));
  const elapsed = useDuration(seconds);
  return (
    <span className="tabular-nums">
      {elapsed === "" ? t("turn.on", { device }) : t("turn.elapsed", { device, elapsed })}
    </span>
  );
}

/** What waits is cancelled here; what runs is stopped beside the message box, which is always in sight. */
function Cancel({ turn }: { turn: Subtask }) {
  const { t } = useTranslation("chat");
  const actions = useActions();
  const report = useReportedFailure();
  const [isBusy, setIsBusy] = useState(false);
  const cancel = (): void => {
    setIsBusy(true);
    report(actions.cancel(turn.subtask_id)).catch(() => setIsBusy(false));
  };
  return (
    <Button size="sm" variant="ghost" icon={<X className="size-3.5" />} isBusy={isBusy} onClick={cancel}>
      {t("stop.cancel")}
    </Button>
  );
}

function MoveMenu({ turn, deviceId }: { turn: Subtask; deviceId: string }) {
  const { t } = useTranslation("chat");
  const actions = useActions();
  const report = useReportedFailure();
  const cloud = useCloud().data;
  const devices = useDevices().filter((device) => device.kind === "local" && device.device_id !== deviceId);
  const hasCloud = deviceId !== CLOUD && (cloud?.executors ?? 0) > 0;
  if (devices.length === 0 && !hasCloud) return null;
  const to = (target: string) => () => {
    report(actions.move(turn.subtask_id, target)).catch(() => undefined);
  };
  return (
    <Menu
      align="end"
      trigger={
        <Button size="sm" variant="ghost" icon={<ArrowRightLeft className="size-3.5" />}>
          {t("turn.move")}
        </Button>
      }
    >
      {hasCloud && (
        <MenuItem icon={<Cloud className="size-4" />} onSelect={to(CLOUD)}>
          {t("conversation.cloud")}
        </MenuItem>
      )}
      {devices.map((device) => (
        <MenuItem
          key={device.device_id}
          icon={<DeviceStatus device={device} compact />}
          isDisabled={device.status === "offline"}
          onSelect={to(device.device_id)}
        >
          {device.name}
        </MenuItem>
      ))}
    </Menu>
  );
}
