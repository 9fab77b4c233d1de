/** Events that say one thing in many pieces: what follows on is joined before it is looked at. */
import { known } from "@/transcript/known-event";
import type { OutputEvent, RawEvent, Stream, Text, Thinking } from "@/protocol/wire";

export type Piece = Text | Thinking | Stream;

export function isPiece(event: OutputEvent): event is Piece {
  return event.type === "text" || event.type === "thinking" || event.type === "stream";
}

/** A piece with the text of all that directly continue it, and the index of the first event that does not. */
export function run(events: readonly RawEvent[], start: number, piece: Piece): { text: string; end: number } {
  const texts = [piece.text];
  let end = start + 1;
  for (; end < events.length; end++) {
    const raw = events[end];
    const next = raw?.type === piece.type ? known(raw) : null;
    if (!next || !isPiece(next) || !continues(piece, next)) break;
    texts.push(next.text);
  }
  return { text: texts.join(""), end };
}

function continues(piece: Piece, next: Piece): boolean {
  return piece.type !== "stream" || (next.type === "stream" && next.name === piece.name);
}
