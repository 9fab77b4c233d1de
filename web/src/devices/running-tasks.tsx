import { ArrowUpRight } from "lucide-react";
import { useTranslation } from "react-i18next";
import { Link } from "wouter";
import { Spinner } from "@/ui";
import { useRunning } from "./queries";

/** What a device works on, each leading to its conversation. */
export function RunningTasks({ subtaskIds }: { subtaskIds: readonly string[] }) {
  const { t } = useTranslation("devices");
  return (
    <section>
      <h3 className="text-ink-soft text-xs font-medium">{t("card.running")}</h3>
      <ul className="-mx-2 mt-1 grid grid-cols-1">
        {subtaskIds.map((subtaskId) => (
          <RunningTask key={subtaskId} subtaskId={subtaskId} />
        ))}
      </ul>
    </section>
  );
}

function RunningTask({ subtaskId }: { subtaskId: string }) {
  const { t } = useTranslation("devices");
  const subtask = useRunning(subtaskId).data;
  // The operator's pool runs other people's tasks too, and those are not shown.
  if (!subtask) return null;
  return (
    <li>
      <Link
        href={`/c/${encodeURIComponent(subtask.task_id)}`}
        title={t("card.openTask")}
        className="group text-ink hover:bg-raised flex min-h-9 items-center gap-2.5 rounded-lg px-2 text-sm max-md:min-h-10"
      >
        <Spinner className="text-accent-text size-3.5 shrink-0" />
        <span className="min-w-0 flex-1 truncate">{subtask.prompt}</span>
        <ArrowUpRight
          aria-hidden="true"
          className="text-ink-soft size-4 shrink-0 opacity-0 group-hover:opacity-100 group-focus-visible:opacity-100"
        />
      </Link>
    </li>
  );
}
