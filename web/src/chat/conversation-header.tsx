import { Cloud, Download, Ellipsis, Pencil, Trash2 } from "lucide-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useLocation } from "wouter";
import { useReportedFailure } from "@/composer/use-reported-failure";
import { useDevices } from "@/connection/hooks";
import { DeleteConversation } from "@/conversations/delete-conversation";
import { TitleForm } from "@/conversations/title-form";
import { DeviceStatus } from "@/devices/device-status";
import { CLOUD, type Subtask, type Task } from "@/protocol/wire";
import { IconButton, Menu, MenuItem, toast } from "@/ui";
import { useDeviceName } from "./use-device-name";
import { useStanding } from "./use-standing";

interface Props {
  task: Task;
  turns: readonly Subtask[];
}

/** What a conversation is called, where it runs, and what can be done to it. */
export function ConversationHeader({ task, turns }: Props) {
  const [isRenaming, setIsRenaming] = useState(false);
  return (
    <header className="border-line flex min-h-12 items-center gap-3 border-b px-4 md:min-h-14 md:px-6">
      <div className="min-w-0 flex-1">
        {isRenaming ? (
          <TitleForm task={task} onDone={() => setIsRenaming(false)} className="max-w-lg" />
        ) : (
          <h1
            tabIndex={-1}
            dir="auto"
            title={task.title}
            className="text-ink truncate text-sm font-semibold outline-none"
          >
            {task.title}
          </h1>
        )}
      </div>
      <Where turn={turns.at(-1) ?? task.last_subtask} />
      <HeaderMenu task={task} turns={turns} onRename={() => setIsRenaming(true)} />
    </header>
  );
}

/** The device on which the newest turn runs, ran or waits. */
function Where({ turn }: { turn: Subtask | null }) {
  return turn === null ? null : <Place turn={turn} />;
}

function Place({ turn }: { turn: Subtask }) {
  const { t } = useTranslation("chat");
  const deviceName = useDeviceName();
  const { deviceId, labels } = useStanding(turn);
  const isCloud = deviceId === CLOUD;
  const device = useDevices().find((one) => one.device_id === deviceId);
  return (
    <span className="text-ink-soft flex max-w-[40%] min-w-0 items-center gap-2 text-sm">
      {isCloud && <Cloud aria-hidden="true" className="size-4 shrink-0" />}
      {device !== undefined && <DeviceStatus device={device} compact />}
      <span className="truncate max-sm:sr-only">
        {isCloud ? t("conversation.cloud") : deviceName(deviceId, labels)}
      </span>
    </span>
  );
}

function HeaderMenu({ task, turns, onRename }: Props & { onRename: () => void }) {
  const { t } = useTranslation("chat");
  const [, navigate] = useLocation();
  const [isDeleting, setIsDeleting] = useState(false);
  const save = useExport(task, turns);
  return (
    <>
      <Menu
        align="end"
        trigger={
          <IconButton
            label={t("conversation.more", { title: task.title })}
            icon={<Ellipsis className="size-4" />}
          />
        }
      >
        <MenuItem icon={<Pencil className="size-4" />} onSelect={onRename}>
          {t("conversation.rename")}
        </MenuItem>
        <MenuItem icon={<Download className="size-4" />} onSelect={save}>
          {t("conversation.export")}
        </MenuItem>
        <MenuItem icon={<Trash2 className="size-4" />} isDangerous onSelect={() => setIsDeleting(true)}>
          {t("conversation.delete")}
        </MenuItem>
      </Menu>
      <DeleteConversation
        task={task}
        isOpen={isDeleting}
        onOpenChange={setIsDeleting}
        onDeleted={() => navigate("/")}
      />
    </>
  );
}

function useExport(task: Task, turns: readonly Subtask[]): () => void {
  const { t } = useTranslation("chat");
  const report = useReportedFailure();
  const words = {
    you: t("export.you"),
    answer: t("export.answer"),
    thought: t("export.thought"),
    failed: t("export.failed"),
    cancelled: t("export.cancelled"),
    denied: t("export.denied"),
  };
  const save = async (): Promise<void> => {
    const { exportConversation } = await import("./export-conversation");
    await exportConversation(task.title, turns, words);
    toast(t("export.done"), { kind: "good" });
  };
  return () => {
    report(save()).catch(() => undefined);
  };
}
