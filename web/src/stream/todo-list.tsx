/** The list of what the model means to do, as it stands now. */
import { CircleCheck, CircleDashed, CircleDot, ListChecks } from "lucide-react";
import { memo } from "react";
import { useTranslation } from "react-i18next";
import type { TodoItem } from "@/protocol/wire";
import type { TodoBlock } from "@/transcript/blocks";
import { classes } from "@/ui";

export const TodoList = memo(function TodoList({ block }: { block: TodoBlock }) {
  const { t } = useTranslation("stream");
  const done = block.items.filter((item) => item.status === "completed").length;
  return (
    <section aria-label={t("todo.title")} className="border-line bg-surface rounded-xl border px-4 py-3">
      <div className="text-ink-soft mb-2 flex items-center gap-2 text-xs">
        <ListChecks aria-hidden className="size-4" />
        <span className="text-ink text-sm font-medium">{t("todo.title")}</span>
        <span className="flex-1" />
        <span className="tabular-nums">{t("todo.progress", { done, total: block.items.length })}</span>
      </div>
      <ul className="space-y-1">
        {block.items.map((item, index) => (
          <Item key={index} item={item} />
        ))}
      </ul>
    </section>
  );
});

function Item({ item }: { item: TodoItem }) {
  const { t } = useTranslation("stream");
  const isDone = item.status === "completed";
  const isNow = item.status === "in_progress";
  const Icon = isDone ? CircleCheck : isNow ? CircleDot : CircleDashed;
  return (
    <li className="flex items-start gap-2.5 text-sm/6">
      <Icon
        aria-hidden
        className={classes(
          "mt-1 size-4 shrink-0",
          isDone ? "text-good" : isNow ? "text-accent-text" : "text-ink-soft",
        )}
      />
      <span className="sr-only">
        {t(`todo.status.${isDone ? "completed" : isNow ? "inProgress" : "pending"}`)}:{" "}
      </span>
      <span
        className={classes(
          "min-w-0 break-words",
          isDone && "text-ink-soft line-through",
          isNow && "text-ink font-medium",
        )}
      >
        {item.text}
      </span>
    </li>
  );
}
