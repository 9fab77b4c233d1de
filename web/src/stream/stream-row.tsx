/** One row of the list, measured as it is. */
import { memo, type ReactNode, useMemo } from "react";
import { useTranslation } from "react-i18next";
import type { Turn } from "@/connection/hooks";
import type { State, Subtask } from "@/protocol/wire";
import { BlockView } from "@/stream/block-view";
import { BlockContext } from "@/stream/memory";
import { PromptBubble } from "@/stream/prompt-bubble";
import { isSettled, type Row, stateOf } from "@/stream/rows";
import { type Answer, TurnContext } from "@/stream/turn-context";
import { TurnOutcome } from "@/stream/turn-outcome";
import { Spinner } from "@/ui";

interface StreamRowProps {
  row: Row;
  index: number;
  start: number;
  known: Turn | null;
  measure: (node: HTMLElement | null) => void;
  onAnswer: Answer;
  onFocusChange: (key: string | null) => void;
  renderHeader?: (turn: Subtask) => ReactNode;
  renderFooter?: (turn: Subtask) => ReactNode;
}

export function StreamRow({ row, index, start, measure, onFocusChange, ...rest }: StreamRowProps) {
  return (
    <div
      ref={measure}
      data-index={index}
      className="absolute top-0 left-0 w-full"
      style={{ transform: `translateY(${start}px)` }}
      onFocus={() => onFocusChange(row.key)}
      onBlur={() => onFocusChange(null)}
    >
      <div className="mx-auto w-full max-w-3xl px-4 md:px-6">
        <BlockContext value={row.key}>
          <RowContent row={row} {...rest} />
        </BlockContext>
      </div>
    </div>
  );
}

type ContentProps = Omit<StreamRowProps, "index" | "start" | "measure" | "onFocusChange">;

const RowContent = memo(function RowContent({ row, known, onAnswer, renderHeader, renderFooter }: ContentProps) {
  const { turn } = row;
  const state = stateOf(turn, known);
  switch (row.kind) {
    case "prompt":
      return (
        <div className="space-y-3 pb-5">
          <PromptBubble turn={turn} />
          {renderHeader?.(turn)}
        </div>
      );
    case "output":
      return <OutputContent row={row} known={known} state={state} onAnswer={onAnswer} />;
    case "loading":
      return <LoadingContent />;
    case "footer":
      return (
        <div className="space-y-3 pb-9">
          <TurnOutcome turn={turn} known={known} state={state} />
          {renderFooter?.(turn)}
        </div>
      );
  }
});

interface OutputProps {
  row: Extract<Row, { kind: "output" }>;
  known: Turn | null;
  state: State;
  onAnswer: Answer;
}

function OutputContent({ row, known, state, onAnswer }: OutputProps) {
  const subtaskId = row.turn.subtask_id;
  // What ended elsewhere has ended here once all that it said is here.
  const isOver = known !== null && (known.done !== null || (isSettled(state) && known.isCaughtUp));
  const facts = useMemo(() => ({ subtaskId, isOver, onAnswer }), [subtaskId, isOver, onAnswer]);
  return (
    <TurnContext value={facts}>
      <div className="pb-3">
        <BlockView row={row.output} />
      </div>
    </TurnContext>
  );
}

function LoadingContent() {
  const { t } = useTranslation("stream");
  return (
    <div className="pb-6">
      <Spinner label={t("stream.loading")} />
    </div>
  );
}
