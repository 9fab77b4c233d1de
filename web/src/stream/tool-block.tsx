/** One call of a tool: what it does in one line, how it stands, and on demand all that went in and came out. */
import { ChevronRight, CircleAlert, CircleSlash, Hand } from "lucide-react";
import { memo, type ReactNode, use, useId } from "react";
import { useTranslation } from "react-i18next";
import { ApprovalCard } from "@/stream/approval-card";
import { DiffCounts, DiffView } from "@/stream/diff-view";
import { useDuration } from "@/stream/duration";
import { useFold } from "@/stream/memory";
import { parsePatch } from "@/stream/patch";
import { toolSummary, toolTitle } from "@/stream/tool-facts";
import { ToolIcon } from "@/stream/tool-icon";
import { ToolInput } from "@/stream/tool-input";
import { ToolOutput } from "@/stream/tool-output";
import { TurnContext } from "@/stream/turn-context";
import type { ToolBlock as ToolBlockData } from "@/transcript/blocks";
import { classes, Spinner } from "@/ui";

export const ToolBlock = memo(function ToolBlock({ block }: { block: ToolBlockData }) {
  const { isOver } = use(TurnContext);
  const isAsking = block.approval !== null && block.approval.done === null && !isOver && block.result === null;
  const [isOpen, setOpen] = useFold("tool", block.result?.isError ?? false);
  const id = useId();
  return (
    <div className="space-y-2">
      <div
        className={classes(
          "bg-surface overflow-hidden rounded-xl border",
          isAsking ? "border-warn/60" : block.result?.isError ? "border-bad/40" : "border-line",
        )}
      >
        <button
          type="button"
          aria-expanded={isOpen}
          aria-controls={id}
          onClick={() => setOpen(!isOpen)}
          className="hover:bg-raised/60 flex min-h-11 w-full items-center gap-2.5 px-3 text-left text-sm -outline-offset-2 transition-colors md:min-h-10"
        >
          <ToolIcon name={block.name} className="text-ink-soft size-4 shrink-0" />
          <span className="text-ink shrink-0 font-medium">{toolTitle(block.name)}</span>
          <span className="text-ink-soft min-w-0 flex-1 truncate font-mono text-xs">
            {toolSummary(block.name, block.input)}
          </span>
          <Standing block={block} isAsking={isAsking} isOver={isOver} />
          <ChevronRight
            aria-hidden
            className={classes("text-ink-soft size-4 shrink-0 transition-transform", isOpen && "rotate-90")}
          />
        </button>
        <div id={id} hidden={!isOpen}>
          {isOpen && <Details block={block} isShownAbove={isAsking} />}
        </div>
        {block.approval && <ApprovalCard approval={block.approval} isPart />}
      </div>
      {block.diffs.map((diff, index) => (
        <DiffView key={index} path={diff.path} patch={diff.patch} />
      ))}
    </div>
  );
});

/** Input and output; the input is left out where the question below shows it, or the diffs do. */
function Details({ block, isShownAbove }: { block: ToolBlockData; isShownAbove: boolean }) {
  const { t } = useTranslation("stream");
  return (
    <div className="border-line border-t">
      {!isShownAbove && block.diffs.length === 0 && <ToolInput name={block.name} input={block.input} />}
      {block.result && (
        <section aria-label={t("tool.output")} className="border-line border-t first:border-t-0">
          <ToolOutput
            name={block.name}
            input={block.input}
            content={block.result.content}
            isError={block.result.isError}
          />
        </section>
      )}
    </div>
  );
}

interface StandingProps {
  block: ToolBlockData;
  isAsking: boolean;
  isOver: boolean;
}

/** How the call stands, in words beside the picture where it is not simply done. */
function Standing({ block, isAsking, isOver }: StandingProps): ReactNode {
  const { t } = useTranslation("stream");
  const time = useDuration(block.result?.seconds ?? null);
  if (isAsking)
    return <Mark icon={<Hand aria-hidden className="size-3.5" />} tone="text-warn" text={t("tool.asks")} />;
  if (!block.result)
    return isOver ? (
      <Mark
        icon={<CircleSlash aria-hidden className="size-3.5" />}
        tone="text-ink-soft"
        text={t("tool.unfinished")}
      />
    ) : (
      <Mark icon={<Spinner className="size-3.5" />} tone="text-ink-soft" text={t("tool.running")} isWordHidden />
    );
  const changed = block.diffs.map((diff) => parsePatch(diff.patch));
  return (
    <span className="flex shrink-0 items-center gap-2">
      {block.result.isError && (
        <Mark icon={<CircleAlert aria-hidden className="size-3.5" />} tone="text-bad" text={t("tool.failed")} />
      )}
      {changed.length > 0 && (
        <DiffCounts
          patch={{
            added: changed.reduce((sum, each) => sum + each.added, 0),
            removed: changed.reduce((sum, each) => sum + each.removed, 0),
          }}
        />
      )}
      {time && <span className="text-ink-soft text-xs tabular-nums">{time}</span>}
    </span>
  );
}

function Mark(props: { icon: ReactNode; tone: string; text: string; isWordHidden?: boolean }) {
  return (
    <span className={classes("flex shrink-0 items-center gap-1.5 text-xs font-medium", props.tone)}>
      {props.icon}
      <span className={props.isWordHidden ? "sr-only" : ""}>{props.text}</span>
    </span>
  );
}
