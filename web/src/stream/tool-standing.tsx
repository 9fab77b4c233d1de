/** How a tool's call stands, in words beside the picture where it is not simply done. */
import { Ban, CircleAlert, CircleSlash, Hand } from "lucide-react";
import { type ReactNode, useMemo } from "react";
import { useTranslation } from "react-i18next";
import { DiffCounts } from "@/stream/diff-view";
import { useDuration } from "@/stream/duration";
import { parsePatch } from "@/stream/patch";
import type { ToolBlock } from "@/transcript/blocks";
import { classes, Spinner } from "@/ui";

export type Standing = "asking" | "running" | "unfinished" | "denied" | "failed" | "done";

export function standingOf(block: ToolBlock, isOver: boolean): Standing {
  if (block.approval?.done?.choice === "deny") return "denied";
  // A subagent may go on long after the call that began it was answered.
  if (block.agent?.status === "started") return isOver ? "unfinished" : "running";
  if (block.agent?.status === "failed") return "failed";
  if (block.agent?.status === "stopped") return "unfinished";
  if (block.result) return block.result.isError ? "failed" : "done";
  if (isOver) return "unfinished";
  return block.approval && block.approval.done === null ? "asking" : "running";
}

const MARKS: Readonly<Record<Exclude<Standing, "done">, { icon: ReactNode; tone: string; word: string }>> = {
  asking: { icon: <Hand aria-hidden className="size-3.5" />, tone: "text-warn", word: "tool.asks" },
  running: { icon: <Spinner className="size-3.5" />, tone: "text-ink-soft", word: "tool.running" },
  unfinished: {
    icon: <CircleSlash aria-hidden className="size-3.5" />,
    tone: "text-ink-soft",
    word: "tool.unfinished",
  },
  denied: { icon: <Ban aria-hidden className="size-3.5" />, tone: "text-ink-soft", word: "tool.denied" },
  failed: { icon: <CircleAlert aria-hidden className="size-3.5" />, tone: "text-bad", word: "tool.failed" },
};

export function ToolStanding({ block, standing }: { block: ToolBlock; standing: Standing }) {
  const { t } = useTranslation("stream");
  const time = useDuration(block.agent?.seconds ?? block.result?.seconds ?? null);
  const changed = useChanged(block.diffs);
  const mark = standing === "done" ? null : MARKS[standing];
  return (
    <span className="flex shrink-0 items-center gap-2">
      {mark && (
        <span className={classes("flex items-center gap-1.5 text-xs font-medium", mark.tone)}>
          {mark.icon}
          <span className={standing === "running" ? "sr-only" : ""}>{t(mark.word)}</span>
        </span>
      )}
      {changed && <DiffCounts patch={changed} />}
      {time && standing !== "denied" && <span className="text-ink-soft text-xs tabular-nums">{time}</span>}
    </span>
  );
}

function useChanged(diffs: ToolBlock["diffs"]): { added: number; removed: number } | null {
  return useMemo(() => {
    if (diffs.length === 0) return null;
    const patches = diffs.map((diff) => parsePatch(diff.patch));
    return {
      added: patches.reduce((sum, patch) => sum + patch.added, 0),
      removed: patches.reduce((sum, patch) => sum + patch.removed, 0),
    };
  }, [diffs]);
}
