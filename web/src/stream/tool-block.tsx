/** One call of a tool: what it does in one line, how it stands, and on demand all that went in and came out. */
import { ChevronRight } from "lucide-react";
import { memo, use, useId } from "react";
import { useTranslation } from "react-i18next";
import { ApprovalCard } from "@/stream/approval-card";
import { DiffHead, DiffLines } from "@/stream/diff-view";
import { Markdown } from "@/stream/markdown";
import { useFold } from "@/stream/memory";
import { parsePatch } from "@/stream/patch";
import { toolKind, toolSummary, toolTitle } from "@/stream/tool-facts";
import { ToolIcon } from "@/stream/tool-icon";
import { ToolInput } from "@/stream/tool-input";
import { ToolOutput } from "@/stream/tool-output";
import { type Standing, standingOf, ToolStanding } from "@/stream/tool-standing";
import { TurnContext } from "@/stream/turn-context";
import type { ToolBlock as ToolBlockData } from "@/transcript/blocks";
import { classes } from "@/ui";

const FRAMES: Readonly<Record<Standing, string>> = {
  asking: "border-warn/60",
  failed: "border-bad/40",
  running: "border-line",
  denied: "border-line",
  unfinished: "border-line",
  done: "border-line",
};

export const ToolBlock = memo(function ToolBlock({ block }: { block: ToolBlockData }) {
  const { isOver } = use(TurnContext);
  const standing = standingOf(block, isOver);
  const isTelling = standing === "failed" || block.diffs.length > 0;
  const [isChosen, setOpen] = useFold("tool", isTelling);
  // While it asks, the question shows what would be done.
  const isOpen = isChosen && standing !== "asking";
  const id = useId();
  return (
    <div
      className={classes(
        "bg-surface overflow-hidden rounded-xl border",
        FRAMES[standing],
        block.parent && "ml-4 md:ml-6",
      )}
    >
      <button
        type="button"
        aria-expanded={isOpen}
        aria-controls={id}
        disabled={standing === "asking"}
        onClick={() => setOpen(!isOpen)}
        className="enabled:hover:bg-raised/60 flex min-h-11 w-full items-center gap-2.5 px-3 text-left text-sm -outline-offset-2 transition-colors md:min-h-10"
      >
        <ToolIcon name={block.name} className="text-ink-soft size-4 shrink-0" />
        <span className="text-ink max-w-1/2 shrink-0 truncate font-medium">{toolTitle(block.name)}</span>
        <span className="text-ink-soft min-w-0 flex-1 truncate font-mono text-xs">
          {toolSummary(block.name, block.input)}
        </span>
        <ToolStanding block={block} standing={standing} />
        {standing !== "asking" && (
          <ChevronRight
            aria-hidden
            className={classes("text-ink-soft size-4 shrink-0 transition-transform", isOpen && "rotate-90")}
          />
        )}
      </button>
      <div id={id} hidden={!isOpen}>
        {isOpen && <Details block={block} />}
      </div>
      {block.approval && <ApprovalCard approval={block.approval} isPart />}
    </div>
  );
});

/** What went in and what came out. Of an edit, the change says both. */
function Details({ block }: { block: ToolBlockData }) {
  const { t } = useTranslation("stream");
  const { result, agent } = block;
  const hasDiffs = block.diffs.length > 0;
  return (
    <div className={classes("border-line border-t", toolKind(block.name) !== "command" && "divide-line divide-y")}>
      {hasDiffs ? <Diffs diffs={block.diffs} /> : <ToolInput name={block.name} input={block.input} />}
      {agent?.text && (
        <section aria-label={t("tool.report")} className="px-3 py-2 text-sm">
          <Markdown text={agent.text} id={block.id} isFinal />
        </section>
      )}
      {result && !agent?.text && (!hasDiffs || result.isError) && (
        <section aria-label={t("tool.output")}>
          <ToolOutput name={block.name} input={block.input} content={result.content} isError={result.isError} />
        </section>
      )}
    </div>
  );
}

function Diffs({ diffs }: Pick<ToolBlockData, "diffs">) {
  return diffs.map((diff, index) => {
    const patch = parsePatch(diff.patch);
    return (
      <div key={index}>
        {diffs.length > 1 && <DiffHead path={diff.path} patch={patch} source={diff.patch} />}
        <DiffLines name={`diff/${index}`} patch={patch} />
      </div>
    );
  });
}
