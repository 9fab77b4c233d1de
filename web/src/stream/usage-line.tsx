/** What a turn used. */
import { useTranslation } from "react-i18next";
import type { Usage } from "@/protocol/wire";
import { useDuration } from "@/stream/duration";

export function UsageLine({ usage }: { usage: Usage }) {
  const { t, i18n } = useTranslation("stream");
  const took = useDuration(usage.seconds ?? null);
  const read = (usage.input_tokens ?? 0) + (usage.cache_read_tokens ?? 0) + (usage.cache_creation_tokens ?? 0);
  const written = usage.output_tokens ?? 0;
  const short = new Intl.NumberFormat(i18n.language, { notation: "compact", maximumFractionDigits: 1 });
  const parts = [
    read + written > 0 && t("usage.tokens", { read: short.format(read), written: short.format(written) }),
    typeof usage.cost_usd === "number" && money(usage.cost_usd, i18n.language),
    took,
    usage.model,
  ].filter((part): part is string => typeof part === "string" && part !== "");
  if (parts.length === 0) return null;
  return (
    <p className="text-ink-soft text-xs tabular-nums">
      <span className="sr-only">{t("usage.label")}: </span>
      {parts.join(" · ")}
    </p>
  );
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
