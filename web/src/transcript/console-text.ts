/**
 * A process's output as a terminal would leave it: a carriage return writes its line anew, so that progress bars do not
 * grow without bound. However the output was cut into pieces, the result is the same.
 */

/** A part of the output, joined until the other stream writes. */
export interface Piece {
  readonly name: "stdout" | "stderr";
  readonly text: string;
}

// eslint-disable-next-line no-control-regex -- ANSI colours begin with ESC
const STYLE = /\x1b\[[\d;:]*m/g;
// eslint-disable-next-line no-control-regex -- as above
const RESET = /^\x1b\[0*m$/;

/** Return `pieces` and `text` after them. A carriage return at the very end waits for what follows it. */
export function written(pieces: readonly Piece[], name: Piece["name"], text: string): readonly Piece[] {
  if (text === "") return pieces;
  const end = pieces.at(-1);
  const isPending = end?.text.endsWith("\r") ?? false;
  if (!isPending && !text.includes("\r")) return joined(pieces, name, text);
  const lines = text.split("\n");
  const first = lines[0] ?? "";
  const cut = overwritten(first);
  const isPlain = text[0] !== "\r" && text[0] !== "\n";
  let before = isPending ? withoutReturn(pieces) : pieces;
  if (cut > 0 || (isPending && isPlain)) {
    const { kept, dropped } = withoutLine(before);
    before = kept;
    lines[0] = styles(dropped + first.slice(0, cut)) + first.slice(cut);
  }
  const last = lines.length - 1;
  const resolved = lines.map((line, index) => settledLine(index === 0 ? line : restarted(line), index < last));
  return joined(before, name, resolved.join("\n"));
}

/** How much of a line is written over by what comes after its last carriage return. */
function overwritten(line: string): number {
  let end = line.length;
  while (end > 0 && line[end - 1] === "\r") end--;
  return end === 0 ? 0 : line.lastIndexOf("\r", end - 1) + 1;
}

function restarted(line: string): string {
  const cut = overwritten(line);
  return cut === 0 ? line : styles(line.slice(0, cut)) + line.slice(cut);
}

/** Several carriage returns are one; before a line's end they are none. */
function settledLine(line: string, isEnded: boolean): string {
  return line.replace(/\r+$/, isEnded ? "" : "\r");
}

/** The colours that what was written over leaves behind, each once. */
function styles(text: string): string {
  if (!text.includes("\x1b")) return "";
  const found = text.match(STYLE) ?? [];
  const start = found.findLastIndex((style) => RESET.test(style));
  const kept = start < 0 ? found : found.slice(start);
  return kept.filter((style, index) => kept.indexOf(style, index + 1) < 0).join("");
}

function withoutReturn(pieces: readonly Piece[]): readonly Piece[] {
  const end = pieces.at(-1);
  if (!end) return pieces;
  const text = end.text.slice(0, -1);
  return text === "" ? pieces.slice(0, -1) : pieces.with(-1, { name: end.name, text });
}

/** Take the line that is not ended off `pieces`. */
function withoutLine(pieces: readonly Piece[]): { kept: readonly Piece[]; dropped: string } {
  let dropped = "";
  for (let index = pieces.length - 1; index >= 0; index--) {
    const piece = pieces[index];
    if (!piece) break;
    const start = piece.text.lastIndexOf("\n") + 1;
    dropped = piece.text.slice(start) + dropped;
    if (start > 0) {
      const kept = pieces.slice(0, index);
      kept.push({ name: piece.name, text: piece.text.slice(0, start) });
      return { kept, dropped };
    }
  }
  return { kept: [], dropped };
}

function joined(pieces: readonly Piece[], name: Piece["name"], text: string): readonly Piece[] {
  if (text === "") return pieces;
  const end = pieces.at(-1);
  if (end?.name === name) return pieces.with(-1, { name, text: end.text + text });
  return [...pieces, { name, text }];
}
