/** Output in slabs of a few lines each, so that of output that grows only the last slab is read and shown anew. */
import { AnsiReader, type Span } from "@/stream/ansi";

export type Pieces = readonly { readonly name: "stdout" | "stderr"; readonly text: string }[];

export interface Slab {
  readonly name: "stdout" | "stderr";
  readonly text: string;
  readonly spans: readonly Span[];
}

type Readers = Readonly<Record<Slab["name"], AnsiReader>>;

const LINES = 40;

/** Remembers what it read last; slabs that are still the same are the same objects. */
export class AnsiSlabs {
  private slabs: Slab[] = [];
  /** The readers as they stood after each slab. */
  private readonly after: Readers[] = [];

  read(pieces: Pieces): readonly Slab[] {
    const cuts = pieces.flatMap(({ name, text }) => cutLines(text).map((part) => ({ name, text: part })));
    let same = 0;
    while (same < cuts.length && isSame(this.slabs[same], cuts[same])) same++;
    this.after.length = same;
    const slabs = this.slabs.slice(0, same);
    for (const { name, text } of cuts.slice(same)) {
      const before = this.after.at(-1) ?? { stdout: new AnsiReader(), stderr: new AnsiReader() };
      const reader = before[name].fork();
      slabs.push({ name, text, spans: reader.read(text) });
      this.after.push({ ...before, [name]: reader });
    }
    this.slabs = slabs;
    return slabs;
  }
}

function isSame(slab: Slab | undefined, cut: { name: string; text: string } | undefined): boolean {
  return slab !== undefined && cut !== undefined && slab.name === cut.name && slab.text === cut.text;
}

function cutLines(text: string): string[] {
  const parts: string[] = [];
  let start = 0;
  let lines = 0;
  for (let at = text.indexOf("\n"); at >= 0; at = text.indexOf("\n", at + 1)) {
    if (++lines % LINES !== 0) continue;
    parts.push(text.slice(start, at + 1));
    start = at + 1;
  }
  if (start < text.length) parts.push(text.slice(start));
  return parts;
}
