import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useDeleteTask } from "@/connection/queries";
import { useErrorText } from "@/i18n/use-error-text";
import type { Task } from "@/protocol/wire";
import { ConfirmDialog, toast } from "@/ui";
import { useStopAndDelete } from "./queries";

interface Props {
  task: Task;
  isOpen: boolean;
  onOpenChange: (isOpen: boolean) => void;
  onDeleted: () => void;
}

/** Asks before a conversation is deleted; where something of it still runs, offers to stop that first. */
export function DeleteConversation({ task, isOpen, onOpenChange, onDeleted }: Props) {
  const { t } = useTranslation("chat");
  const errorText = useErrorText();
  const { mutateAsync: del } = useDeleteTask();
  const { mutateAsync: stopAndDelete } = useStopAndDelete();
  const [isRunning, setIsRunning] = useState(false);
  const [problem, setProblem] = useState<string | null>(null);

  const change = (next: boolean): void => {
    setIsRunning(false);
    setProblem(null);
    onOpenChange(next);
  };
  const confirm = async (): Promise<void> => {
    setProblem(null);
    try {
      await (isRunning ? stopAndDelete(task.task_id) : del(task.task_id));
    } catch (error) {
      if ((error as { code?: unknown }).code === "conflict" && !isRunning) setIsRunning(true);
      else setProblem(errorText(error).text);
      return;
    }
    change(false);
    toast(t("deletion.done"), { kind: "good" });
    onDeleted();
  };
  return (
    <ConfirmDialog
      isOpen={isOpen}
      onOpenChange={change}
      title={isRunning ? t("deletion.runningTitle") : t("deletion.title")}
      description={isRunning ? t("deletion.runningText") : t("deletion.text", { title: task.title })}
      confirmLabel={isRunning ? t("deletion.stopAndDelete") : t("deletion.confirm")}
      onConfirm={confirm}
      isDangerous
    >
      {problem !== null && (
        <p role="alert" className="text-bad mt-3 text-sm">
          {problem}
        </p>
      )}
    </ConfirmDialog>
  );
}
