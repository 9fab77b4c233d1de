/** What a turn used, how long it took, and when it ended. */
import { useTranslation } from "react-i18next";
import type { Subtask, Usage } from "@/protocol/wire";
import { useDuration } from "@/stream/duration";

export function UsageLine({ usage, turn }: { usage: Usage | null; turn: Subtask }) {
  const { t, i18n } = useTranslation("stream");
  const took = useDuration(usage?.seconds ?? secondsOf(turn));
  const read = (usage?.input_tokens ?? 0) + (usage?.cache_read_tokens ?? 0) + (usage?.cache_creation_tokens ?? 0);
  const written = usage?.output_tokens ?? 0;
  const short = new Intl.NumberFormat(i18n.language, { notation: "compact", maximumFractionDigits: 1 });
  const parts = [
    took,
    read + written > 0 && t("usage.tokens", { read: short.format(read), written: short.format(written) }),
    typeof usage?.cost_usd === "number" && money(usage.cost_usd, i18n.language),
    usage?.model,
  ].filter((part): part is string => typeof part === "string" && part !== "");
  if (parts.length === 0 && turn.ended_at === null) return null;
  return (
    <p className="text-ink-soft text-xs tabular-nums">
      {parts.length > 0 && <span className="sr-only">{t("usage.label")}: </span>}
      {parts.join(" · ")}
      {turn.ended_at !== null && (
        <>
          {parts.length > 0 && " · "}
          <time dateTime={turn.ended_at} title={clock(turn.ended_at, i18n.language, true)}>
            {clock(turn.ended_at, i18n.language)}
          </time>
        </>
      )}
    </p>
  );
}

/** How long the turn ran; a turn that never started took no time. */
function secondsOf(turn: Subtask): number | null {
  if (turn.started_at === null || turn.ended_at === null) return null;
  return (Date.parse(turn.ended_at) - Date.parse(turn.started_at)) / 1000;
}

/** The time of day, with the date where that is not today's. */
function clock(time: string, language: string, isFull = false): string {
  const date = new Date(time);
  const isToday = date.toDateString() === new Date().toDateString();
  return new Intl.DateTimeFormat(language, {
    ...(isToday && !isFull ? {} : { dateStyle: "medium" as const }),
    timeStyle: isFull ? "medium" : "short",
  }).format(date);
}

function money(dollars: number, language: string): string {
  return new Intl.NumberFormat(language, {
    style: "currency",
    currency: "USD",
    currencyDisplay: "narrowSymbol",
    minimumFractionDigits: 2,
    maximumFractionDigits: 4,
  }).format(dollars);
}
