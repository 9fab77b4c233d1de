import { useEffect, useRef } from "react";
import { useTranslation } from "react-i18next";
import { useLocation } from "wouter";
import { useTaskStates } from "@/connection/hooks";
import { useTasks } from "@/connection/queries";
import { markOf } from "@/conversations/state-of";
import type { State, SubtaskState, Task } from "@/protocol/wire";
import { notify, occasionOf, type Occasion } from "./notify";

/** A parenthesis with a number before a title, as this page puts it there. */
const MARK = /^\(\d+\) /;

/** Tells of what happens while nobody looks: by notification, where that is turned on, and in the tab's title. */
export function Notifier() {
  const tasks = useTasks().data?.pages.flatMap((page) => page.items) ?? [];
  useNotifications(tasks);
  useTitleMark(tasks.filter((task) => task.unread === true).length);
  return null;
}

function useNotifications(tasks: readonly Task[]): void {
  const { t } = useTranslation("chat");
  const [, navigate] = useLocation();
  const states = useTaskStates();
  const seen = useRef(new Map<string, { state: State; since: number }>());
  const asked = useRef<ReadonlySet<string> | null>(null);
  const tell = useRef<(taskId: string, occasion: Occasion) => void>(() => undefined);
  useEffect(() => {
    tell.current = (taskId, occasion) => {
      const title = tasks.find((task) => task.task_id === taskId)?.title ?? t("notify.task");
      notify(t(`notify.${occasion}`), title, `wegent-${taskId}`, () => navigate(`/c/${taskId}`));
    };
  });
  useEffect(() => {
    for (const live of states.values()) {
      const occasion = note(seen.current, live, Date.now());
      if (occasion !== null) tell.current(live.task_id, occasion);
    }
  }, [states]);
  const asking = tasks
    .filter((task) => markOf(task, states.get(task.task_id)) === "asking")
    .map((task) => task.task_id);
  const asks = asking.join(" ");
  useEffect(() => {
    const now = new Set(asks === "" ? [] : asks.split(" "));
    for (const taskId of now) if (asked.current?.has(taskId) === false) tell.current(taskId, "approval");
    asked.current = now;
  }, [asks]);
}

/** Remember how a subtask stands; return what that is an occasion to tell. */
function note(
  seen: Map<string, { state: State; since: number }>,
  { subtask_id, state }: SubtaskState,
  now: number,
): Occasion | null {
  const before = seen.get(subtask_id);
  if (before?.state === state) return null;
  const isGoingOn = before?.state === "running" && state === "cancelling";
  seen.set(subtask_id, { state, since: isGoingOn ? before.since : now });
  return occasionOf({ before: before?.state, after: state, ranMs: now - (before?.since ?? now) });
}

/** Keeps "(2) " before the tab's title, whoever sets the rest of it. */
function useTitleMark(unread: number): void {
  useEffect(() => {
    const mark = (): void => {
      const plain = document.title.replace(MARK, "");
      const title = unread === 0 ? plain : `(${unread}) ${plain}`;
      if (document.title !== title) document.title = title;
    };
    mark();
    const observer = new MutationObserver(mark);
    observer.observe(document.head, { childList: true, subtree: true, characterData: true });
    return () => observer.disconnect();
  }, [unread]);
}
