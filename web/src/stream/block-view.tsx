/** One row of a turn's output. */
import { memo, use } from "react";
import { ApprovalCard } from "@/stream/approval-card";
import { CellBlock } from "@/stream/cell-block";
import { DiffView } from "@/stream/diff-view";
import { FileBlock } from "@/stream/file-block";
import { FollowUpBlock } from "@/stream/follow-up-block";
import { NoticeView } from "@/stream/notice";
import type { OutputRow } from "@/stream/rows";
import { TerminalView } from "@/stream/terminal-block";
import { TextBlock } from "@/stream/text-block";
import { ThinkingBlock } from "@/stream/thinking-block";
import { TodoList } from "@/stream/todo-list";
import { ToolBlock } from "@/stream/tool-block";
import { TurnContext } from "@/stream/turn-context";
import { UnknownBlock } from "@/stream/unknown-block";

export const BlockView = memo(function BlockView({ row }: { row: OutputRow }) {
  const { isOver } = use(TurnContext);
  if (row.kind === "terminal") return <TerminalView blocks={row.blocks} />;
  const { block } = row;
  switch (block.kind) {
    case "text":
      return <TextBlock block={block} />;
    case "thinking":
      return <ThinkingBlock block={block} isOver={isOver} />;
    case "tool":
      return <ToolBlock block={block} />;
    case "approval":
      return <ApprovalCard approval={block} />;
    case "follow_up":
      return <FollowUpBlock block={block} />;
    case "terminal":
      return <TerminalView blocks={[block]} />;
    case "diff":
      return <DiffView path={block.path} patch={block.patch} />;
    case "todo":
      return <TodoList block={block} />;
    case "cell":
      return <CellBlock block={block} />;
    case "notice":
      return <NoticeView block={block} />;
    case "file":
      return <FileBlock block={block} />;
    case "unknown":
      return <UnknownBlock block={block} />;
  }
});
