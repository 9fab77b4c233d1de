/**
 * Where a growing markdown text can be cut, so that what comes before is never parsed again: at blank lines, but not inside
 * of code fences and HTML, nor between the items of a list. Each character is looked at once, and however the text
 * comes in pieces, it is cut at the same places.
 */

const FENCE = /^\s*(`{3,}(?=[^`]*$)|~{3,})/;
const HTML = /^ {0,3}<(!--|(?:pre|script|style|textarea)\b)/i;
const ITEM = /^\s*([-*+]|\d{1,9}[.)])(\s|$)/;
const INDENTED = /^( {2}|\t)/;
/** How much of a line is needed to tell what it begins. */
const HEAD = 16;

/** Looks for the next cut of one block's text. */
export class MarkdownCut {
  private position = 0;
  private candidate: number | null = null;
  private end: RegExp | null = null;
  private isList = false;

  /** Return where `text` can be cut, or null; `text` begins with what was given before. After a cut begin anew. */
  find(text: string): number | null {
    while (this.position < text.length) {
      const newline = text.indexOf("\n", this.position);
      const line = text.slice(this.position, newline < 0 ? text.length : newline);
      if (this.candidate !== null) {
        if (newline < 0 && (line.length < HEAD || line.trim() === "")) return null;
        if (line.trim() !== "") {
          if (this.isNewBlock(line.slice(0, HEAD))) return this.candidate;
          this.candidate = null;
        }
      }
      if (newline < 0) return null;
      this.position = newline + 1;
      this.read(line);
    }
    return null;
  }

  private isNewBlock(head: string): boolean {
    return !INDENTED.test(head) && !(this.isList && ITEM.test(head));
  }

  private read(line: string): void {
    if (this.end !== null) {
      if (this.end.test(line)) this.end = null;
    } else if (line.trim() === "") {
      this.candidate = this.position;
    } else {
      this.isList ||= ITEM.test(line);
      this.end = opened(line);
    }
  }
}

/** What ends that which `line` opens and which may have blank lines inside; null if it opens nothing of the kind. */
function opened(line: string): RegExp | null {
  const fence = FENCE.exec(line)?.[1];
  if (fence !== undefined) return new RegExp(`^\\s*${fence[0] ?? ""}{${fence.length},}\\s*$`);
  const tag = HTML.exec(line)?.[1]?.toLowerCase();
  if (tag === undefined) return null;
  const end = tag === "!--" ? /-->/ : new RegExp(`</${tag}>`, "i");
  return end.test(line) ? null : end;
}
