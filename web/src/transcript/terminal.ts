/** A process's output in blocks of bounded length. */
import type { TerminalBlock } from "@/transcript/blocks";
import { written, type Piece } from "@/transcript/console-text";

export const BLOCK_LINES = 500;

type NewTerminal = Omit<TerminalBlock, "id">;

/** The blocks that `open` (or nothing) and `text` after it make: the first one continues `open`. */
export function terminalBlocks(open: TerminalBlock | null, name: Piece["name"], text: string): NewTerminal[] {
  const found: NewTerminal[] = [];
  let pieces: readonly Piece[] = open?.pieces ?? [];
  let lines = open?.lines ?? 0;
  let rest = text;
  while (rest !== "") {
    const cut = endOfLine(rest, BLOCK_LINES - lines);
    const part = rest.slice(0, cut);
    pieces = written(pieces, name, part);
    lines += countLines(part);
    const isClosed = lines >= BLOCK_LINES;
    found.push({ kind: "terminal", pieces, lines, isClosed });
    rest = rest.slice(cut);
    pieces = [];
    lines = 0;
  }
  return found;
}

/** Where the line number `count` of `text` ends, its line end included; the text's end if it has fewer. */
function endOfLine(text: string, count: number): number {
  let at = 0;
  for (let line = 0; line < count; line++) {
    const end = text.indexOf("\n", at);
    if (end < 0) return text.length;
    at = end + 1;
  }
  return at;
}

function countLines(text: string): number {
  let lines = 0;
  for (let at = text.indexOf("\n"); at >= 0; at = text.indexOf("\n", at + 1)) lines++;
  return lines;
}
