/** How long something took, as people say it. */
import { useTranslation } from "react-i18next";

/** Nobody waits for less, so it is not told. */
const SHORTEST = 0.05;

/** Return `0.2s`, `12s`, `3m 5s` or `2h 4m` in the reader's language; nothing for what is not known. */
export function useDuration(seconds: number | null): string {
  const { i18n } = useTranslation("stream");
  return seconds === null || seconds < SHORTEST ? "" : duration(seconds, i18n.language);
}

export function duration(seconds: number, language: string): string {
  const unit = (value: number, name: "second" | "minute" | "hour", digits = 0) =>
    new Intl.NumberFormat(language, {
      style: "unit",
      unit: name,
      unitDisplay: "narrow",
      maximumFractionDigits: digits,
    }).format(value);
  const whole = Math.round(seconds);
  if (seconds < 10) return unit(Math.max(seconds, 0), "second", 1);
  if (whole < 60) return unit(whole, "second");
  if (whole < 3600) return `${unit(Math.floor(whole / 60), "minute")} ${unit(whole % 60, "second")}`;
  return `${unit(Math.floor(whole / 3600), "hour")} ${unit(Math.floor((whole % 3600) / 60), "minute")}`;
}
