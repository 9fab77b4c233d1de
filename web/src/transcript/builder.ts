/** Building blocks from output events, one after the other. */
import { known } from "@/transcript/known-event";
import type { Block, CellBlock, ToolBlock, Transcript } from "@/transcript/blocks";
import { MarkdownCut } from "@/transcript/markdown-cut";
import { isUpdate, withOutput, withUpdate } from "@/transcript/cell-outputs";
import { isPiece, run, type Piece } from "@/transcript/runs";
import { terminalBlocks } from "@/transcript/terminal";
import { diffTarget } from "@/transcript/tool-diffs";
import { sum } from "@/transcript/usage";
import type {
  Approval,
  ApprovalDone,
  Cell,
  CellOutput,
  Diff,
  OutputEvent,
  RawEvent,
  Subagent,
  ToolResult,
  ToolUse,
  Usage,
} from "@/protocol/wire";

export const EMPTY: Transcript = { seq: 0, blocks: [], usage: null };

type New<B extends Block> = B extends Block ? Omit<B, "id"> : never;

/**
 * A transcript that grows. What it hands out does not change any more: blocks are replaced, never changed, and the
 * list of them is copied once after it was handed out.
 */
export class TranscriptBuilder {
  private seq: number;
  private usage: Usage | null;
  private blocks: Block[];
  private isShared = true;
  private shown: Transcript;
  private cut = new MarkdownCut();
  private readonly tools = new Map<string, number>();
  private readonly approvals = new Map<string, number>();
  private readonly cells = new Map<number, number>();
  private todo: number | null = null;

  constructor(from: Transcript = EMPTY) {
    this.shown = from;
    this.seq = from.seq;
    this.usage = from.usage;
    this.blocks = from.blocks as Block[];
    this.blocks.forEach((block, index) => this.note(block, index));
  }

  /** What there is so far; the same object until something comes. */
  get transcript(): Transcript {
    if (this.shown.seq !== this.seq || !this.isShared) {
      this.isShared = true;
      this.shown = { seq: this.seq, blocks: this.blocks, usage: this.usage };
    }
    return this.shown;
  }

  /** Take the events that follow. */
  append(events: readonly RawEvent[]): void {
    this.seq += events.length;
    for (let index = 0; index < events.length;) {
      const raw = events[index];
      if (!raw) return;
      const event = known(raw);
      index++;
      if (event && isPiece(event)) {
        const { text, end } = run(events, index - 1, event);
        this.takeText(event, text);
        index = end;
      } else if (event) this.take(event);
      else this.push({ kind: "unknown", data: raw });
    }
  }

  /** Nothing more comes: the last block is closed. */
  close(): void {
    this.closeLast();
  }

  private takeText(event: Piece, text: string): void {
    if (event.type === "text") this.takeMarkdown(text);
    else if (event.type === "thinking") this.takeThinking(text);
    else this.takeStream(event.name, text);
  }

  private take(event: Exclude<OutputEvent, Piece>): void {
    switch (event.type) {
      case "tool_use": {
        this.takeTool(event);
        return;
      }
      case "tool_result": {
        this.takeResult(event);
        return;
      }
      case "subagent": {
        this.takeSubagent(event);
        return;
      }
      case "diff": {
        this.takeDiff(event);
        return;
      }
      case "todo":
        if (this.todo === null) {
          this.push({ kind: "todo", items: event.items });
          return;
        }
        {
          this.replace(this.todo, { kind: "todo", items: event.items, id: this.id(this.todo) });
          return;
        }
      case "approval": {
        this.takeApproval(event);
        return;
      }
      case "approval_done": {
        this.takeAnswer(event);
        return;
      }
      case "cell": {
        this.takeCell(event);
        return;
      }
      case "cell_output": {
        this.takeOutput(event);
        return;
      }
      case "follow_up":
        this.push({ kind: "follow_up", text: event.text, by: event.by });
        return;
      case "usage":
        this.usage = sum(this.usage, event);
        return;
      case "notice": {
        this.push({ kind: "notice", notice: event });
        return;
      }
      case "file": {
        this.push({ kind: "file", file: event });
        return;
      }
    }
  }

  private takeMarkdown(more: string): void {
    const last = this.blocks.at(-1);
    const isOpen = last?.kind === "text" && !last.isClosed;
    let text = isOpen ? last.text + more : more.trimStart();
    if (text === "") return;
    if (isOpen) this.replace(this.blocks.length - 1, { ...last, text });
    else this.push({ kind: "text", text, isClosed: false });
    for (let at = this.cut.find(text); at !== null; at = this.cut.find(text)) {
      const open = this.blocks.length - 1;
      this.replace(open, { kind: "text", text: text.slice(0, at), isClosed: true, id: this.id(open) });
      text = text.slice(at);
      this.push({ kind: "text", text, isClosed: false });
    }
  }

  private takeThinking(more: string): void {
    const last = this.blocks.at(-1);
    if (last?.kind === "thinking" && !last.isClosed) {
      this.replace(this.blocks.length - 1, { ...last, text: last.text + more });
    } else if (more.trimStart() !== "") {
      this.push({ kind: "thinking", text: more.trimStart(), isClosed: false });
    }
  }

  private takeStream(name: "stdout" | "stderr", text: string): void {
    const last = this.blocks.at(-1);
    const open = last?.kind === "terminal" && !last.isClosed ? last : null;
    const [first, ...others] = terminalBlocks(open, name, text);
    if (first && open) this.replace(this.blocks.length - 1, { ...first, id: open.id });
    else if (first) this.push(first);
    for (const block of others) this.push(block);
  }

  private takeTool({ id: toolId, name, input, parent = null }: ToolUse): void {
    const tool = { kind: "tool" as const, toolId, name, input, result: null, diffs: [], parent };
    const asked = this.approvals.get(toolId);
    const question = asked === undefined ? undefined : this.blocks[asked];
    if (asked === undefined || question?.kind !== "approval") {
      this.push({ ...tool, approval: null });
      return;
    }
    // The question came before the call that it is about.
    const approval = { asked: question.asked, done: question.done };
    this.approvals.delete(toolId);
    this.replace(asked, { ...tool, approval, id: question.id });
  }

  private takeResult(event: ToolResult): void {
    const tool = this.tool(event.id);
    if (!tool) {
      this.push({ kind: "unknown", data: { ...event } });
      return;
    }
    const seconds = typeof event.seconds === "number" ? event.seconds : null;
    const result = { content: event.content, isError: event.is_error === true, seconds };
    this.replace(tool.at, { ...tool.block, result });
  }

  private takeSubagent(event: Subagent): void {
    const tool = this.tool(event.id);
    if (!tool) {
      this.push({ kind: "unknown", data: { ...event } });
      return;
    }
    const agent = { status: event.status, text: event.text ?? "", seconds: event.seconds ?? null };
    this.replace(tool.at, { ...tool.block, agent });
  }

  private takeDiff({ path, patch }: Diff): void {
    const at = diffTarget(this.blocks, path);
    const tool = at === null ? undefined : this.blocks[at];
    if (at === null || tool?.kind !== "tool") {
      this.push({ kind: "diff", path, patch });
      return;
    }
    this.replace(at, { ...tool, diffs: [...tool.diffs, { path, patch }] });
  }

  private takeApproval(asked: Approval): void {
    const tool = this.tool(asked.id);
    if (!tool) {
      this.push({ kind: "approval", asked, done: null });
      return;
    }
    this.replace(tool.at, { ...tool.block, approval: { asked, done: null } });
  }

  private takeAnswer(event: ApprovalDone): void {
    const done = { choice: event.choice, by: event.by, ...(event.reason ? { reason: event.reason } : {}) };
    const tool = this.tool(event.id);
    if (tool?.block.approval) {
      this.replace(tool.at, { ...tool.block, approval: { asked: tool.block.approval.asked, done } });
      return;
    }
    const at = this.approvals.get(event.id);
    const block = at === undefined ? undefined : this.blocks[at];
    if (at === undefined || block?.kind !== "approval") this.push({ kind: "unknown", data: { ...event } });
    else this.replace(at, { ...block, done });
  }

  private takeCell(event: Cell): void {
    const { at, block } = this.cell(event.index);
    const source = typeof event.source === "string" ? event.source : block.source;
    this.replace(at, { ...block, of: event.of, source });
  }

  /** An update may be of a display in any cell. */
  private takeOutput({ index, output }: CellOutput): void {
    if (!isUpdate(output)) {
      const { at, block } = this.cell(index);
      this.replace(at, { ...block, outputs: withOutput(block.outputs, output) });
      return;
    }
    for (const at of this.cells.values()) {
      const block = this.blocks[at] as CellBlock;
      const outputs = withUpdate(block.outputs, output);
      if (outputs !== block.outputs) this.replace(at, { ...block, outputs });
    }
  }

  /** The block of a cell, made where there is none yet. */
  private cell(index: number): { at: number; block: CellBlock } {
    if (!this.cells.has(index)) this.push({ kind: "cell", index, of: 0, source: null, outputs: [] });
    const at = this.cells.get(index) ?? -1;
    return { at, block: this.blocks[at] as CellBlock };
  }

  private tool(toolId: string): { at: number; block: ToolBlock } | null {
    const at = this.tools.get(toolId);
    return at === undefined ? null : { at, block: this.blocks[at] as ToolBlock };
  }

  private push(block: New<Block>): void {
    this.closeLast();
    this.own();
    const whole = { ...block, id: this.id(this.blocks.length) } as Block;
    this.blocks.push(whole);
    this.note(whole, this.blocks.length - 1);
  }

  private replace(at: number, block: Block): void {
    this.own();
    this.blocks[at] = block;
    if (block.kind === "tool") this.tools.set(block.toolId, at);
  }

  private closeLast(): void {
    const last = this.blocks.at(-1);
    if (last && "isClosed" in last && !last.isClosed)
      this.replace(this.blocks.length - 1, { ...last, isClosed: true });
    this.cut = new MarkdownCut();
  }

  private own(): void {
    if (!this.isShared) return;
    this.blocks = this.blocks.slice();
    this.isShared = false;
  }

  /** Remember where what comes later finds this block. */
  private note(block: Block, at: number): void {
    if (block.kind === "tool") this.tools.set(block.toolId, at);
    else if (block.kind === "approval") this.approvals.set(block.asked.id, at);
    else if (block.kind === "cell") this.cells.set(block.index, at);
    else if (block.kind === "todo") this.todo = at;
  }

  private id(at: number): string {
    return `b${at}`;
  }
}
