/** What the user asked. */
import { memo } from "react";
import { useTranslation } from "react-i18next";
import type { Subtask } from "@/protocol/wire";
import { Attachments } from "@/stream/attachments";
import { useFold } from "@/stream/memory";

const MOST_LINES = 12;
const MOST_CHARACTERS = 1200;
const CODE = new Set(["Command", "Python"]);

export const PromptBubble = memo(function PromptBubble({ turn }: { turn: Subtask }) {
  const { t } = useTranslation("stream");
  const [isOpen, setOpen] = useFold("prompt", false);
  const cut = shortened(turn.prompt);
  const files = fileIds(turn.options?.["files"]);
  const isCode = CODE.has(turn.shell);
  return (
    <div className="flex flex-col items-end gap-2">
      <h2 className="sr-only">{t("prompt.heading")}</h2>
      <div className="bg-raised text-ink max-w-[88%] min-w-0 rounded-2xl rounded-br-md px-4 py-2.5">
        <p
          dir="auto"
          className={
            isCode
              ? "font-mono text-[13px]/6 break-words whitespace-pre-wrap"
              : "text-[15px]/6 break-words whitespace-pre-wrap"
          }
        >
          {isOpen || cut === null ? turn.prompt : `${cut}…`}
        </p>
        {cut !== null && (
          <button
            type="button"
            aria-expanded={isOpen}
            onClick={() => setOpen(!isOpen)}
            className="text-accent-text mt-1 min-h-8 text-xs font-medium hover:underline max-md:min-h-10"
          >
            {isOpen ? t("fold.less") : t("fold.more")}
          </button>
        )}
      </div>
      {files.length > 0 && <Attachments ids={files} />}
    </div>
  );
});

/** Return the beginning of a long prompt; null where it is short. */
function shortened(prompt: string): string | null {
  const lines = prompt.split("\n");
  if (lines.length <= MOST_LINES + 2 && prompt.length <= MOST_CHARACTERS + 200) return null;
  return lines.slice(0, MOST_LINES).join("\n").slice(0, MOST_CHARACTERS).trimEnd();
}

function fileIds(files: unknown): string[] {
  return Array.isArray(files) ? files.filter((id): id is string => typeof id === "string") : [];
}
