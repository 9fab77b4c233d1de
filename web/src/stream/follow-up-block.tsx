/** What somebody said to a turn while it ran, at the place in its output at which it was taken. */
import { useTranslation } from "react-i18next";
import type { FollowUpBlock as Block } from "@/transcript/blocks";

export function FollowUpBlock({ block }: { block: Block }) {
  const { t } = useTranslation("stream");
  return (
    <section aria-label={t("followUp", { by: block.by })} className="flex flex-col items-end gap-1">
      <span className="text-ink-soft text-xs">{t("followUp", { by: block.by })}</span>
      <p
        dir="auto"
        className="bg-raised text-ink max-w-[88%] rounded-2xl rounded-br-md px-4 py-2 text-[15px]/6 break-words whitespace-pre-wrap"
      >
        {block.text}
      </p>
    </section>
  );
}
