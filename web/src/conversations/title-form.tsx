import { useEffect, useRef, useState, type KeyboardEvent } from "react";
import { useTranslation } from "react-i18next";
import { useRenameTask } from "@/connection/queries";
import { useErrorText } from "@/i18n/use-error-text";
import type { Task } from "@/protocol/wire";
import { classes, toast } from "@/ui";

const LONGEST = 200;

/** Another title for a conversation: Enter, or leaving the field, keeps it; Escape does not. */
export function TitleForm({ task, onDone, className }: { task: Task; onDone: () => void; className?: string }) {
  const { t } = useTranslation("chat");
  const errorText = useErrorText();
  const { mutate } = useRenameTask();
  const [title, setTitle] = useState(task.title);
  const field = useRef<HTMLInputElement>(null);
  const isOver = useRef(false);
  useEffect(() => {
    // A menu that closes gives the focus back to its button first.
    const frame = requestAnimationFrame(() => field.current?.select());
    return () => cancelAnimationFrame(frame);
  }, []);

  const end = (isKept: boolean): void => {
    if (isOver.current) return;
    isOver.current = true;
    const next = title.trim().slice(0, LONGEST);
    if (isKept && next !== "" && next !== task.title) {
      mutate(
        { taskId: task.task_id, title: next },
        { onError: (error) => toast(errorText(error).text, { kind: "bad" }) },
      );
    }
    onDone();
  };
  const press = (event: KeyboardEvent): void => {
    event.stopPropagation(); // the list's own keys
    if (event.nativeEvent.isComposing) return;
    if (event.key === "Enter") end(true);
    if (event.key === "Escape") end(false);
  };
  return (
    <input
      ref={field}
      value={title}
      maxLength={LONGEST}
      aria-label={t("conversation.title")}
      onChange={(event) => setTitle(event.target.value)}
      onKeyDown={press}
      onBlur={() => end(true)}
      className={classes(
        "border-line-strong bg-surface text-ink min-h-9 w-full min-w-0 rounded-lg border px-2 text-base md:text-sm",
        className,
      )}
    />
  );
}
