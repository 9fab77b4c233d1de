/**
 * What one turn's output looks like, block by block, as the reducer builds it from output events.
 *
 * Blocks are immutable: a block that did not change is the same object, so that React skips it. A long text or a long
 * process output is several blocks: all but the last of them are closed and never change again.
 */
import type { Approval, File, Notice, TodoItem, Usage } from "@/protocol/wire";

interface Base {
  /** Stable within the turn, for React's keys. */
  readonly id: string;
}

/** Markdown. A closed one ends at a blank line outside of a code fence, and is not parsed again. */
export interface TextBlock extends Base {
  readonly kind: "text";
  readonly text: string;
  readonly isClosed: boolean;
}

/** The model's thinking, joined until something else comes. */
export interface ThinkingBlock extends Base {
  readonly kind: "thinking";
  readonly text: string;
  readonly isClosed: boolean;
}

export interface ToolBlock extends Base {
  readonly kind: "tool";
  readonly toolId: string;
  readonly name: string;
  readonly input: unknown;
  /** Null while it runs. */
  readonly result: {
    readonly content: unknown;
    readonly isError: boolean;
    readonly seconds: number | null;
  } | null;
  /** Diffs that came between the call and its result. */
  readonly diffs: readonly { readonly path: string; readonly patch: string }[];
  /** The question that this call waited for, and its answer. */
  readonly approval: ApprovalState | null;
  /** The call of the subagent that made this one. */
  readonly parent?: string | null;
  /** The subagent that this call began. */
  readonly agent?: AgentState | null;
}

/** `status` is that of the event: started, completed, failed or stopped. */
export interface AgentState {
  readonly status: string;
  readonly text: string;
  readonly seconds: number | null;
}

export interface ApprovalState {
  readonly asked: Approval;
  readonly done: { readonly choice: string; readonly by: string; readonly reason?: string } | null;
}

/** A question that belongs to no tool call. */
export interface ApprovalBlock extends Base, ApprovalState {
  readonly kind: "approval";
}

/** What somebody said to it while it ran. */
export interface FollowUpBlock extends Base {
  readonly kind: "follow_up";
  readonly text: string;
  readonly by: string;
}

/** Output of a process, with ANSI colours; `lines` counts line ends so far. A closed one has at most 500 lines. */
export interface TerminalBlock extends Base {
  readonly kind: "terminal";
  readonly pieces: readonly { readonly name: "stdout" | "stderr"; readonly text: string }[];
  readonly lines: number;
  readonly isClosed: boolean;
}

export interface DiffBlock extends Base {
  readonly kind: "diff";
  readonly path: string;
  readonly patch: string;
}

/** The newest todo list; an earlier one of the same turn is replaced in its place. */
export interface TodoBlock extends Base {
  readonly kind: "todo";
  readonly items: readonly TodoItem[];
}

export interface CellBlock extends Base {
  readonly kind: "cell";
  readonly index: number;
  readonly of: number;
  readonly source: string | null;
  /** nbformat outputs; stream outputs are joined. */
  readonly outputs: readonly Readonly<Record<string, unknown>>[];
}

export interface NoticeBlock extends Base {
  readonly kind: "notice";
  readonly notice: Notice;
}

export interface FileBlock extends Base {
  readonly kind: "file";
  readonly file: File;
}

/** An event of a type that this page does not know, kept whole. */
export interface UnknownBlock extends Base {
  readonly kind: "unknown";
  readonly data: Readonly<Record<string, unknown>>;
}

export type Block =
  | TextBlock
  | ThinkingBlock
  | ToolBlock
  | ApprovalBlock
  | FollowUpBlock
  | TerminalBlock
  | DiffBlock
  | TodoBlock
  | CellBlock
  | NoticeBlock
  | FileBlock
  | UnknownBlock;

/** One turn's output so far. */
export interface Transcript {
  /** The number of the last event taken. */
  readonly seq: number;
  readonly blocks: readonly Block[];
  readonly usage: Usage | null;
}
