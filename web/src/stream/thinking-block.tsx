/** What the model thought, folded: it is for those who want to know. */
import { Brain, ChevronRight } from "lucide-react";
import { memo, useId } from "react";
import { useTranslation } from "react-i18next";
import { useFold } from "@/stream/memory";
import type { ThinkingBlock as ThinkingBlockData } from "@/transcript/blocks";

export const ThinkingBlock = memo(function ThinkingBlock({
  block,
  isOver,
}: {
  block: ThinkingBlockData;
  isOver: boolean;
}) {
  const { t } = useTranslation("stream");
  const [isOpen, setOpen] = useFold("thinking", false);
  const id = useId();
  const isThinking = !block.isClosed && !isOver;
  return (
    <div>
      <button
        type="button"
        aria-expanded={isOpen}
        aria-controls={id}
        onClick={() => setOpen(!isOpen)}
        className="text-ink-soft hover:text-ink hover:bg-raised -ml-2 flex min-h-10 items-center gap-2 rounded-lg px-2 text-sm transition-colors sm:min-h-8"
      >
        <Brain aria-hidden className="size-4" />
        <span className={isThinking ? "shimmer" : ""}>{isThinking ? t("thinking.now") : t("thinking.done")}</span>
        <ChevronRight aria-hidden className={`size-3.5 transition-transform ${isOpen ? "rotate-90" : ""}`} />
      </button>
      <div id={id} hidden={!isOpen}>
        {isOpen && (
          <p className="border-line text-ink-soft mt-1 ml-2 border-l-2 pl-4 text-sm/6 break-words whitespace-pre-wrap">
            {block.text.trim()}
          </p>
        )}
      </div>
    </div>
  );
});
