/** The rows of a conversation: what the virtual list counts, measures and shows. */
import type { Turn } from "@/connection/hooks";
import { type State, type Subtask, TERMINAL } from "@/protocol/wire";
import type { Block, TerminalBlock } from "@/transcript/blocks";

/** A row of a turn's output. Terminal output that goes on over several blocks is one row. */
export type OutputRow =
  | { readonly kind: "block"; readonly key: string; readonly block: Block }
  | { readonly kind: "terminal"; readonly key: string; readonly blocks: readonly TerminalBlock[] };

export type Row =
  | { readonly kind: "prompt"; readonly key: string; readonly turn: Subtask }
  | { readonly kind: "output"; readonly key: string; readonly turn: Subtask; readonly output: OutputRow }
  | { readonly kind: "loading"; readonly key: string; readonly turn: Subtask }
  | { readonly kind: "footer"; readonly key: string; readonly turn: Subtask };

const seen = new WeakMap<Block, OutputRow>();

/** Return the rows of a turn's blocks; an unchanged block keeps its row, so that nothing of it is rendered again. */
export function outputRows(blocks: readonly Block[]): OutputRow[] {
  const rows: OutputRow[] = [];
  for (let at = 0; at < blocks.length; at++) {
    const block = blocks[at];
    if (!block || isShownElsewhere(block)) continue;
    if (block.kind !== "terminal") {
      rows.push(remembered(block, () => ({ kind: "block", key: block.id, block })));
      continue;
    }
    const run = terminals(blocks, at);
    at += run.length - 1;
    // All but the last of a run are closed, so the last one tells whether the run is still the same.
    rows.push(remembered(run.at(-1) ?? block, () => ({ kind: "terminal", key: block.id, blocks: run })));
  }
  return rows;
}

/** The list itself is a block; the call that wrote it would only repeat it. */
function isShownElsewhere(block: Block): boolean {
  return block.kind === "tool" && block.name === "TodoWrite" && !block.result?.isError && block.approval === null;
}

function remembered(block: Block, make: () => OutputRow): OutputRow {
  const known = seen.get(block);
  if (known) return known;
  const row = make();
  seen.set(block, row);
  return row;
}

function terminals(blocks: readonly Block[], from: number): TerminalBlock[] {
  const run: TerminalBlock[] = [];
  for (let at = from; at < blocks.length; at++) {
    const block = blocks[at];
    if (block?.kind !== "terminal") break;
    run.push(block);
  }
  return run;
}

/** Rows of one turn, made anew only when something of it changed. */
export class TurnRows {
  private turn: Subtask | null = null;
  private known: Turn | null = null;
  private rows: readonly Row[] = [];
  private readonly outputs = new WeakMap<OutputRow, Row>();

  of(turn: Subtask, known: Turn | null): readonly Row[] {
    if (turn === this.turn && known === this.known) return this.rows;
    const isSameTurn = turn === this.turn;
    this.turn = turn;
    this.known = known;
    this.rows = this.made(turn, known, isSameTurn);
    return this.rows;
  }

  private made(turn: Subtask, known: Turn | null, isSameTurn: boolean): Row[] {
    const id = turn.subtask_id;
    const output = known ? outputRows(known.transcript.blocks) : [];
    const rows: Row[] = [
      isSameTurn && this.rows[0] ? this.rows[0] : { kind: "prompt", key: `${id}/prompt`, turn },
    ];
    for (const row of output) {
      const before = this.outputs.get(row);
      const made =
        before && isSameTurn ? before : ({ kind: "output", key: `${id}/${row.key}`, turn, output: row } as const);
      this.outputs.set(row, made);
      rows.push(made);
    }
    if (isLoading(turn, known) && output.length === 0) rows.push({ kind: "loading", key: `${id}/loading`, turn });
    rows.push({ kind: "footer", key: `${id}/footer`, turn });
    return rows;
  }
}

/** Whether there is output that is not here yet. */
function isLoading(turn: Subtask, known: Turn | null): boolean {
  return turn.seq > 0 && (known === null || !known.isCaughtUp);
}

export function isSettled(state: State): boolean {
  return (TERMINAL as readonly State[]).includes(state);
}

/** How a turn stands as far as the page knows; once it has ended it has ended. */
export function stateOf(turn: Subtask, known: Turn | null): State {
  if (known?.done) return known.done.state;
  return isSettled(turn.state) ? turn.state : (known?.state ?? turn.state);
}

/** Guess a row's height before it is measured, in pixels. */
export function estimatedHeight(row: Row): number {
  switch (row.kind) {
    case "prompt":
      return 90 + Math.min(Math.ceil(row.turn.prompt.length / 70), 12) * 24;
    case "footer":
      return 60;
    case "loading":
      return Math.min(Math.max(row.turn.seq * 4, 80), 1200);
    case "output":
      return row.output.kind === "terminal" ? terminalHeight(row.output.blocks) : blockHeight(row.output.block);
  }
}

function terminalHeight(blocks: readonly TerminalBlock[]): number {
  const lines = blocks.reduce((sum, block) => sum + block.lines, 0);
  return lines > 200 ? 436 : 76 + lines * 20;
}

function blockHeight(block: Block): number {
  switch (block.kind) {
    case "text":
      return 14 + Math.max(Math.ceil(block.text.length / 85), 1) * 26;
    case "tool":
      return 52 + block.diffs.length * 300 + (block.approval?.done === null ? 200 : 0);
    case "diff":
      return 300;
    case "todo":
      return 68 + block.items.length * 28;
    case "cell":
      return 60 + block.outputs.length * 120;
    default:
      return 52;
  }
}
