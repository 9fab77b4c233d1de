import { MessageSquarePlus } from "lucide-react";
import { useDeferredValue, useEffect, useRef, useState, type KeyboardEvent } from "react";
import { useTranslation } from "react-i18next";
import { Link, useRoute } from "wouter";
import { useTaskStates } from "@/connection/hooks";
import { useTasks } from "@/connection/queries";
import { useNow } from "@/devices/relative-time";
import { useErrorText } from "@/i18n/use-error-text";
import type { Task } from "@/protocol/wire";
import { Button, Spinner } from "@/ui";
import { ConversationRow } from "./conversation-row";
import { groupByDay } from "./grouping";
import { SearchField } from "./search-field";
import { useDebounced } from "./use-debounced";

const SEARCH_AFTER_MS = 200;
const HOUR = 3600;

/** All conversations, last used first: new, search, open, rename, delete. `onNavigate` is told when one is opened. */
export function ConversationList({ onNavigate }: { onNavigate?: () => void }) {
  const { t } = useTranslation("chat");
  const [text, setText] = useState("");
  const search = useDebounced(text.trim(), SEARCH_AFTER_MS);
  const list = useRef<HTMLDivElement>(null);
  return (
    <div className="flex min-h-0 flex-1 flex-col">
      <div className="flex flex-col gap-2 px-3 pb-2">
        <Link
          href="/"
          onClick={() => onNavigate?.()}
          className="border-line bg-surface text-ink hover:bg-raised inline-flex min-h-10 items-center gap-2.5 rounded-lg border px-3 text-sm font-medium shadow-xs transition-colors"
        >
          <MessageSquarePlus aria-hidden="true" className="text-accent-text size-4" />
          {t("list.new")}
        </Link>
        <SearchField value={text} onChange={setText} onDown={() => focusRow(list.current, "first")} />
      </div>
      {/* The arrows are a shortcut among links that Tab reaches too. */}
      {/* eslint-disable-next-line jsx-a11y/no-static-element-interactions */}
      <div ref={list} onKeyDown={moveByKey} className="min-h-0 flex-1 overflow-y-auto px-3 pb-3">
        <Conversations search={search} onNavigate={onNavigate} />
      </div>
    </div>
  );
}

function Conversations({ search, onNavigate }: { search: string; onNavigate: (() => void) | undefined }) {
  const { t } = useTranslation("chat");
  const errorText = useErrorText();
  const { data, error, isPending, refetch, hasNextPage, isFetchingNextPage, fetchNextPage } = useTasks(search);
  if (isPending) return <Skeleton />;
  if (data === undefined) {
    return (
      <div className="text-ink-soft flex flex-col items-start gap-2 px-2 py-3 text-sm">
        <p>{errorText(error).text}</p>
        <Button size="sm" onClick={() => void refetch()}>
          {t("list.again")}
        </Button>
      </div>
    );
  }
  const tasks = data.pages.flatMap((page) => page.items);
  if (tasks.length === 0) {
    return (
      <p className="text-ink-soft px-2 py-3 text-sm">{search === "" ? t("list.empty") : t("list.nothingFound")}</p>
    );
  }
  return (
    <>
      <Groups tasks={tasks} onNavigate={onNavigate} />
      {hasNextPage && <More isBusy={isFetchingNextPage} onMore={() => void fetchNextPage()} />}
    </>
  );
}

function Groups({ tasks, onNavigate }: { tasks: readonly Task[]; onNavigate: (() => void) | undefined }) {
  const { t } = useTranslation("chat");
  const states = useDeferredValue(useTaskStates());
  const [, route] = useRoute("/c/:taskId");
  const now = useNow(HOUR / 60);
  const unique = [...new Map(tasks.map((task) => [task.task_id, task])).values()]; // pages shift while one reads
  return groupByDay(unique, new Date(now)).map(({ group, items }) => (
    <section key={group} aria-label={t(`list.${group}`)} className="pt-3 first:pt-1">
      <h2 aria-hidden="true" className="text-ink-soft px-2.5 pb-1 text-xs font-medium">
        {t(`list.${group}`)}
      </h2>
      <ul className="flex flex-col gap-px">
        {items.map((task) => (
          <ConversationRow
            key={task.task_id}
            task={task}
            live={states.get(task.task_id)}
            isOpen={route?.taskId === task.task_id}
            onNavigate={onNavigate}
          />
        ))}
      </ul>
    </section>
  ));
}

/** Loads the next page when it comes into sight; a button for those who get there by keyboard. */
function More({ isBusy, onMore }: { isBusy: boolean; onMore: () => void }) {
  const { t } = useTranslation("chat");
  const end = useRef<HTMLDivElement>(null);
  const load = useRef(onMore);
  useEffect(() => {
    load.current = onMore;
  });
  useEffect(() => {
    const node = end.current;
    if (node === null || isBusy) return;
    const observer = new IntersectionObserver(
      ([entry]) => {
        if (entry?.isIntersecting === true) load.current();
      },
      { rootMargin: "200px" },
    );
    observer.observe(node);
    return () => observer.disconnect();
  }, [isBusy]);
  return (
    <div ref={end} className="flex justify-center py-3">
      <Button size="sm" variant="ghost" isBusy={isBusy} onClick={onMore}>
        {t("list.more")}
      </Button>
    </div>
  );
}

function Skeleton() {
  const { t } = useTranslation("chat");
  return (
    <div className="flex flex-col gap-3 px-2.5 pt-3">
      <Spinner label={t("list.loading")} className="sr-only" />
      {[72, 56, 84, 64].map((width) => (
        <span
          key={width}
          aria-hidden="true"
          className="bg-raised h-4 animate-pulse rounded"
          style={{ width: `${width}%` }}
        />
      ))}
    </div>
  );
}

/** Arrows, Home and End go from one conversation to another. */
function moveByKey(event: KeyboardEvent<HTMLDivElement>): void {
  const places = { ArrowDown: "next", ArrowUp: "previous", Home: "first", End: "last" } as const;
  const place = places[event.key as keyof typeof places] as (typeof places)[keyof typeof places] | undefined;
  if (place === undefined || !(event.target as Element).matches("[data-conversation]")) return;
  event.preventDefault();
  focusRow(event.currentTarget, place);
}

function focusRow(list: Element | null, place: "first" | "last" | "next" | "previous"): void {
  const rows = [...(list?.querySelectorAll<HTMLElement>("[data-conversation]") ?? [])];
  const here = rows.findIndex((row) => row === document.activeElement);
  const index = { first: 0, last: rows.length - 1, next: here + 1, previous: here - 1 }[place];
  rows[Math.max(0, Math.min(index, rows.length - 1))]?.focus();
}
