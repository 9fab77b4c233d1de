/**
 * The scroll area of one conversation: what was asked, and what came of it, live.
 *
 * It is a virtual list over rows (a prompt, each block, a footer): ten thousand of them cost what the few in sight
 * cost. Turns are followed when they come near; the newest ones always are.
 */
import { ArrowDown } from "lucide-react";
import { type ReactNode, useMemo, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import type { Subtask } from "@/protocol/wire";
import { Announcer } from "@/stream/announcer";
import { type Memory, MemoryContext } from "@/stream/memory";
import { isSettled, type Row, stateOf, TurnRows } from "@/stream/rows";
import { StreamRow } from "@/stream/stream-row";
import { useStickiness } from "@/stream/stickiness";
import type { Answer } from "@/stream/turn-context";
import { TurnFeed, useFeed } from "@/stream/turn-feed";
import { TurnFollower } from "@/stream/turn-follower";
import { useRowList } from "@/stream/row-list";
import "@/stream/stream.css";

export interface TurnStreamProps {
  taskId: string;
  turns: readonly Subtask[];
  /** Stands below the prompt, before the output. */
  renderHeader?: (turn: Subtask) => ReactNode;
  /** Stands below the output and how it ended: actions, the place in the queue. */
  renderFooter?: (turn: Subtask) => ReactNode;
  onAnswer: Answer;
  className?: string;
}

/** How many of the newest turns are followed without being near. */
const NEWEST = 3;

/** One conversation's stream; another conversation starts anew, at its end. */
export function TurnStream(props: TurnStreamProps) {
  return <Conversation key={props.taskId} {...props} />;
}

function Conversation({ turns, renderHeader, renderFooter, onAnswer, className = "" }: TurnStreamProps) {
  const { t } = useTranslation("stream");
  const [feed] = useState(() => new TurnFeed());
  const [memory] = useState<Memory>(() => new Map());
  const scroller = useRef<HTMLElement>(null);
  const content = useRef<HTMLDivElement>(null);
  const rows = useRows(turns, feed);
  const { isStuck, stick } = useStickiness(scroller, content, turns.length);
  const list = useRowList(rows, scroller);
  const wanted = useWanted(turns, list.shown);
  const last = turns.at(-1);
  return (
    <MemoryContext value={memory}>
      {turns.map((turn) => (
        <TurnFollower
          key={turn.subtask_id}
          subtaskId={turn.subtask_id}
          isWanted={wanted.has(turn.subtask_id)}
          feed={feed}
        />
      ))}
      <div className={`relative min-h-0 ${className}`}>
        <section
          ref={scroller}
          aria-label={t("stream.label")}
          // What scrolls must be reachable by keyboard.
          // eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex
          tabIndex={0}
          className="stream-scroller h-full overflow-x-hidden overflow-y-auto overscroll-contain -outline-offset-2"
        >
          <div ref={content} className="relative w-full" style={{ height: list.height }}>
            {list.items.map(({ item, row }) => (
              <StreamRow
                key={row.key}
                row={row}
                index={item.index}
                start={item.start}
                measure={list.measure}
                known={feed.get(row.turn.subtask_id)}
                onAnswer={onAnswer}
                onFocusChange={list.holdFocus}
                {...(renderHeader ? { renderHeader } : {})}
                {...(renderFooter ? { renderFooter } : {})}
              />
            ))}
          </div>
        </section>
        {!isStuck && <JumpButton rows={rows.length} onJump={stick} />}
      </div>
      {last && (
        <Announcer
          subtaskId={last.subtask_id}
          known={feed.get(last.subtask_id)}
          state={stateOf(last, feed.get(last.subtask_id))}
        />
      )}
    </MemoryContext>
  );
}

/** All rows; a turn's are made anew only when something of it changed. */
function useRows(turns: readonly Subtask[], feed: TurnFeed): readonly Row[] {
  const version = useFeed(feed);
  const [makers] = useState(() => new Map<string, TurnRows>());
  return useMemo(
    () =>
      turns.flatMap((turn) => {
        const maker = makers.get(turn.subtask_id) ?? new TurnRows();
        makers.set(turn.subtask_id, maker);
        return maker.of(turn, feed.get(turn.subtask_id));
      }),
    // The version stands for all that the feed holds.
    // eslint-disable-next-line react-hooks/exhaustive-deps
    [turns, feed, makers, version],
  );
}

/** The turns to follow: the newest, those that run, and each that was ever in sight. */
function useWanted(turns: readonly Subtask[], shown: ReadonlySet<string>): ReadonlySet<string> {
  const [seen, setSeen] = useState(shown);
  // Adjusted while rendering, as React advises for what is derived from what came before.
  if ([...shown].some((id) => !seen.has(id))) setSeen(new Set([...seen, ...shown]));
  return useMemo(() => {
    const newest = turns.slice(-NEWEST).map((turn) => turn.subtask_id);
    const running = turns.filter((turn) => !isSettled(turn.state)).map((turn) => turn.subtask_id);
    return new Set([...newest, ...running, ...seen]);
  }, [turns, seen]);
}

/** Leads back to the end, and says how much came since the reader left it. */
function JumpButton({ rows, onJump }: { rows: number; onJump: () => void }) {
  const { t } = useTranslation("stream");
  const [before] = useState(rows);
  const count = Math.max(rows - before, 0);
  return (
    <button
      type="button"
      onClick={onJump}
      className="border-line bg-surface text-ink hover:bg-raised absolute bottom-3 left-1/2 flex min-h-10 -translate-x-1/2 items-center gap-2 rounded-full border px-4 text-sm font-medium whitespace-nowrap shadow-lg transition-colors md:min-h-9"
    >
      <ArrowDown aria-hidden className="size-4" />
      {t("stream.jump")}
      {count > 0 && (
        <span className="bg-accent text-accent-ink rounded-full px-2 text-xs/5 tabular-nums">
          {t("stream.newer", { count })}
        </span>
      )}
    </button>
  );
}
