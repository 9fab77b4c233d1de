import { MessageSquareOff, ServerOff } from "lucide-react";
import { useCallback, useEffect } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "wouter";
import { useHistoryState } from "wouter/use-browser-location";
import { Composer } from "@/composer/composer";
import type { Delivered } from "@/composer/outbox";
import { focusPrompt } from "@/composer/prompt-box";
import { ApiError } from "@/connection/errors";
import { useActions } from "@/connection/hooks";
import { useTask, useTurns } from "@/connection/queries";
import { isSettled } from "@/connection/standings";
import { putTurn, refreshTurn } from "@/conversations/queries";
import { useErrorText } from "@/i18n/use-error-text";
import type { Subtask, Task } from "@/protocol/wire";
import type { Answer } from "@/stream/turn-context";
import { TurnStream } from "@/stream/turn-stream";
import { Button, EmptyState, Spinner } from "@/ui";
import { ActiveNotices } from "./active-notices";
import { ConversationHeader } from "./conversation-header";
import { SendingPrompt } from "./sending-prompt";
import { sentTurn } from "./sent-turn";
import { TurnFooter } from "./turn-footer";
import { activeTurn, useFreshTurns } from "./use-fresh-turns";
import { Seen } from "./seen";

/** One conversation: its turns, live, and the box for the next message. */
export function ConversationPage({ taskId }: { taskId: string }) {
  const task = useTask(taskId);
  const turns = useTurns(taskId);
  useFreshTurns(taskId, turns.data);
  const error = task.error ?? turns.error;
  if (task.data === undefined || turns.data === undefined) {
    if (error === null) return <Loading />;
    return <Failed error={error} onRetry={() => void Promise.all([task.refetch(), turns.refetch()])} />;
  }
  return <Conversation key={taskId} task={task.data} turns={turns.data} />;
}

function Conversation({ task, turns }: { task: Task; turns: readonly Subtask[] }) {
  const { t } = useTranslation("chat");
  const actions = useActions();
  const last = turns.at(-1) ?? null;
  const active = activeTurn(turns);
  const isWaiting = active !== null && !isSettled(active.state);
  useFocusAfterSending();

  const onAnswer: Answer = useCallback((...given) => actions.answer(...given), [actions]);
  const footer = useCallback((turn: Subtask) => <TurnFooter turn={turn} />, []);
  const onSent = (delivered: Delivered): void => {
    putTurn(sentTurn(delivered, last));
    refreshTurn(delivered.sent).catch((error: unknown) => console.warn("The new turn could not be read:", error));
  };
  return (
    <div className="flex h-full min-h-0 flex-col">
      <Seen task={task} active={active} />
      <ConversationHeader task={task} turns={turns} />
      <TurnStream
        taskId={task.task_id}
        turns={turns}
        renderFooter={footer}
        onAnswer={onAnswer}
        className="flex-1"
      />
      <SendingPrompt conversation={task.task_id} />
      <div className="mx-auto w-full max-w-3xl px-3 pb-[max(0.5rem,env(safe-area-inset-bottom))] md:px-6">
        {active !== null && <ActiveNotices key={active.subtask_id} turn={active} />}
        <Composer
          conversation={task.task_id}
          last={last}
          active={active}
          placeholder={isWaiting ? t("composer.placeholderRunning") : t("composer.placeholderNext")}
          onSent={onSent}
        />
      </div>
    </div>
  );
}

/** Whoever sent the first message goes on writing in the same box, on the conversation's own page. */
function useFocusAfterSending(): void {
  const state: unknown = useHistoryState();
  const isSent = typeof state === "object" && state !== null && "isSent" in state;
  useEffect(() => {
    if (!isSent) return;
    focusPrompt();
    history.replaceState(null, ""); // a reload is no sending
  }, [isSent]);
}

function Loading() {
  const { t } = useTranslation("chat");
  return (
    <div className="flex h-full items-center justify-center">
      <Spinner label={t("conversation.loading")} />
    </div>
  );
}

function Failed({ error, onRetry }: { error: unknown; onRetry: () => void }) {
  const { t } = useTranslation("chat");
  const errorText = useErrorText();
  if (error instanceof ApiError && error.code === "not_found") {
    return (
      <EmptyState
        icon={<MessageSquareOff className="size-6" />}
        title={t("conversation.goneTitle")}
        text={t("conversation.goneText")}
      >
        <Link
          href="/"
          className="bg-accent text-accent-ink inline-flex min-h-10 items-center rounded-lg px-4 text-sm font-medium hover:opacity-90"
        >
          {t("list.new")}
        </Link>
      </EmptyState>
    );
  }
  return (
    <EmptyState
      icon={<ServerOff className="size-6" />}
      title={t("conversation.failedTitle")}
      text={errorText(error).text}
    >
      <Button onClick={onRetry}>{t("list.again")}</Button>
    </EmptyState>
  );
}
