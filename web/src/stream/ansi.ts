/** A process's output with its colours, as spans: no HTML is made of it, so nothing in it can become any. */
import Anser from "anser";

export interface Span {
  readonly text: string;
  /** Classes of stream.css: `ansi-red`, `ansi-bright-red-bg`, `ansi-bold`. */
  readonly classes: string;
  readonly color: string | null;
  readonly background: string | null;
}

// Titles and links of terminals (OSC), strings (DCS, APC …), CSI sequences that set no style, other escapes, and control
// characters that show nothing. Carriage returns inside of lines were resolved when the blocks were built.
const SILENT =
  // eslint-disable-next-line no-control-regex -- they are what is looked for
  /\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)?|\x1b[PX^_][^\x1b]*(?:\x1b\\)?|\x1b\[[0-?]*[ -/]*[@-ln-~]|\x1b[()*+].|\x1b(?!\[).?|[\x00-\x08\x0b-\x1a\x1c-\x1f\x7f]/g;
// eslint-disable-next-line no-control-regex -- as above
const COLONS = /\x1b\[[\d;]*:[\d:;]*m/g;
const DECORATIONS = new Set(["bold", "dim", "italic", "underline", "reverse", "hidden", "strikethrough"]);
const NO_CHANGE = "10m";

/** Reads pieces of one stream in order; a colour holds until it is changed, also in the next piece. */
export class AnsiReader {
  private readonly anser = new Anser();

  /** Return a reader that goes on from here by itself. */
  fork(): AnsiReader {
    const other = new AnsiReader();
    const { decorations } = this.anser as unknown as { decorations: readonly string[] };
    Object.assign(other.anser, this.anser, { decorations: [...decorations] });
    return other;
  }

  read(text: string): Span[] {
    const chunks = text.replace(COLONS, withSemicolons).replace(SILENT, "").split("\x1b[");
    // Each chunk but the first begins with the style that it sets; Anser forgets the style where there is none.
    chunks[0] = NO_CHANGE + (chunks[0] ?? "");
    const spans: Span[] = [];
    for (const chunk of chunks) {
      // One by one, since Anser hands out the array of decorations that it changes later.
      const found = span(this.anser.processChunkJson(chunk, { json: true, use_classes: true }, true));
      if (found.text) spans.push(found);
    }
    return spans;
  }
}

/** Sub-parameters (`38:2::1:2:3`, `4:3`) as the older form with semicolons. */
function withSemicolons(sequence: string): string {
  return sequence
    .replace(/([34]8):2::?/g, "$1;2;")
    .replace(/\b4:\d/g, "4")
    .replaceAll(":", ";");
}

/** Return the text without colours and other escapes. */
export function plainOutput(text: string): string {
  return new AnsiReader()
    .read(text)
    .map((each) => each.text)
    .join("");
}

function span(entry: Anser.AnserJsonEntry): Span {
  const [classes, color] = shade(entry.fg, entry.fg_truecolor, "");
  const [backClasses, background] = shade(entry.bg, entry.bg_truecolor, "-bg");
  const decorations = entry.decorations.filter((name) => DECORATIONS.has(name)).map((name) => `ansi-${name}`);
  return {
    text: entry.content,
    classes: [...classes, ...backClasses, ...new Set(decorations)].join(" "),
    color,
    background,
  };
}

/** Return the class of one of the 16 named colours, or else the colour itself. */
function shade(name: string | null, trueColor: string | null, suffix: string): [string[], string | null] {
  if (!name) return [[], null];
  if (name === "ansi-truecolor") return [[], trueColor ? `rgb(${trueColor})` : null];
  const palette = /^ansi-palette-(\d+)$/.exec(name);
  if (!palette) return [[name + suffix], null];
  return paletteColor(Number(palette[1]), suffix);
}

const NAMES = ["black", "red", "green", "yellow", "blue", "magenta", "cyan", "white"] as const;

/** The 256 colours of xterm: 16 named ones, a cube of 6 × 6 × 6, and 24 greys. */
function paletteColor(index: number, suffix: string): [string[], string | null] {
  if (index < 16) return [[`ansi-${index < 8 ? "" : "bright-"}${NAMES[index % 8] ?? "white"}${suffix}`], null];
  if (index >= 232) {
    const level = 8 + (index - 232) * 10;
    return [[], `rgb(${level}, ${level}, ${level})`];
  }
  const levels = [0, 95, 135, 175, 215, 255];
  const cube = index - 16;
  const parts = [Math.floor(cube / 36), Math.floor(cube / 6) % 6, cube % 6].map((part) => levels[part] ?? 0);
  return [[], `rgb(${parts.join(", ")})`];
}
