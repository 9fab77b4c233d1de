/** Something the reader should know. */
import { CircleAlert, Info, TriangleAlert } from "lucide-react";
import { memo } from "react";
import { useTranslation } from "react-i18next";
import type { NoticeBlock } from "@/transcript/blocks";
import { classes } from "@/ui";

const LEVELS = {
  info: { Icon: Info, tone: "bg-raised text-ink-soft" },
  warning: { Icon: TriangleAlert, tone: "bg-warn-soft text-warn" },
  error: { Icon: CircleAlert, tone: "bg-bad-soft text-bad" },
} as const;

/** Return a moment in the reader's time, with its day where that is not today. */
function clockTime(when: string, language: string): string {
  const date = new Date(when);
  const isToday = date.toDateString() === new Date().toDateString();
  return new Intl.DateTimeFormat(language, {
    timeStyle: "medium",
    ...(isToday ? {} : { dateStyle: "medium" }),
  }).format(date);
}

export const NoticeView = memo(function NoticeView({ block }: { block: NoticeBlock }) {
  const { t, i18n } = useTranslation("stream");
  const { until } = block.notice;
  const level = block.notice.level === "warning" || block.notice.level === "error" ? block.notice.level : "info";
  const { Icon, tone } = LEVELS[level];
  return (
    <p className={classes("flex gap-2.5 rounded-xl px-4 py-2.5 text-sm", tone)}>
      <Icon aria-hidden className="mt-0.5 size-4 shrink-0" />
      <span className="min-w-0 break-words whitespace-pre-wrap">
        <span className="sr-only">{t(`notice.${level}`)}: </span>
        {block.notice.text}
        {until && !Number.isNaN(Date.parse(until)) && (
          <>
            {" "}
            <time dateTime={until}>{t("notice.until", { time: clockTime(until, i18n.language) })}</time>
          </>
        )}
      </span>
    </p>
  );
});
