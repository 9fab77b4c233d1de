/** Unified diffs, line by line. */

export interface PatchLine {
  readonly kind: "hunk" | "same" | "added" | "removed" | "note";
  /** Numbers of the line in the old and in the new file; null where it is not in it. */
  readonly before: number | null;
  readonly after: number | null;
  readonly text: string;
}

export interface Patch {
  readonly lines: readonly PatchLine[];
  readonly added: number;
  readonly removed: number;
  readonly isNew: boolean;
  readonly isGone: boolean;
}

const HUNK = /^@@ -(\d+)(?:,\d+)? \+(\d+)(?:,\d+)? @@(.*)$/;

/** Read a unified diff of one file; what stands before its first hunk only says whether the file is new or gone. */
export function parsePatch(patch: string): Patch {
  const rows = patch.replace(/\n$/, "").split("\n");
  const begins = rows.findIndex((row) => HUNK.test(row));
  const head = begins < 0 ? rows : rows.slice(0, begins);
  const lines = begins < 0 ? [] : numbered(rows.slice(begins));
  return {
    lines,
    added: lines.filter((line) => line.kind === "added").length,
    removed: lines.filter((line) => line.kind === "removed").length,
    isNew: head.some((row) => row.startsWith("--- /dev/null")),
    isGone: head.some((row) => row.startsWith("+++ /dev/null")),
  };
}

function numbered(rows: readonly string[]): PatchLine[] {
  let before = 0;
  let after = 0;
  return rows.map((row): PatchLine => {
    const hunk = HUNK.exec(row);
    if (hunk) {
      before = Number(hunk[1]);
      after = Number(hunk[2]);
      return { kind: "hunk", before: null, after: null, text: (hunk[3] ?? "").trim() };
    }
    const text = row.slice(1);
    switch (row[0]) {
      case "+":
        return { kind: "added", before: null, after: after++, text };
      case "-":
        return { kind: "removed", before: before++, after: null, text };
      case "\\":
        return { kind: "note", before: null, after: null, text: text.trim() };
      default:
        return { kind: "same", before: before++, after: after++, text };
    }
  });
}

/** Longer texts than this are compared by their beginnings and ends alone: the table below grows with both. */
const MOST_CELLS = 250_000;

/** Make a patch of what an editing tool asks for, before there is a real one; where it is in the file is not known. */
export function proposedPatch(before: string, after: string): Patch {
  const lines = compared(splitLines(before), splitLines(after));
  return {
    lines,
    added: lines.filter((line) => line.kind === "added").length,
    removed: lines.filter((line) => line.kind === "removed").length,
    isNew: false,
    isGone: false,
  };
}

function splitLines(text: string): string[] {
  return text ? text.replace(/\n$/, "").split("\n") : [];
}

function unnumbered(kind: PatchLine["kind"], texts: readonly string[]): PatchLine[] {
  return texts.map((text) => ({ kind, before: null, after: null, text }));
}

/** Compare what is left when the same beginning and end are taken away, by the longest common subsequence. */
function compared(before: readonly string[], after: readonly string[]): PatchLine[] {
  const head = commonLines(before, after);
  const tail = commonLines(before.slice(head).reverse(), after.slice(head).reverse());
  const removed = before.slice(head, before.length - tail);
  const added = after.slice(head, after.length - tail);
  const middle =
    removed.length * added.length > MOST_CELLS
      ? [...unnumbered("removed", removed), ...unnumbered("added", added)]
      : aligned(removed, added);
  return [
    ...unnumbered("same", before.slice(0, head)),
    ...middle,
    ...unnumbered("same", before.slice(before.length - tail)),
  ];
}

function commonLines(one: readonly string[], other: readonly string[]): number {
  let count = 0;
  while (count < one.length && count < other.length && one[count] === other[count]) count++;
  return count;
}

function aligned(removed: readonly string[], added: readonly string[]): PatchLine[] {
  const lengths = commonLengths(removed, added);
  const length = (row: number, column: number) => lengths[row]?.[column] ?? 0;
  const lines: PatchLine[] = [];
  let row = 0;
  let column = 0;
  while (row < removed.length || column < added.length) {
    const old = removed[row];
    const fresh = added[column];
    if (old !== undefined && old === fresh) {
      lines.push(...unnumbered("same", [old]));
      row++;
      column++;
    } else if (old !== undefined && (fresh === undefined || length(row + 1, column) >= length(row, column + 1))) {
      lines.push(...unnumbered("removed", [old]));
      row++;
    } else {
      lines.push(...unnumbered("added", [fresh ?? ""]));
      column++;
    }
  }
  return lines;
}

/** How many lines the rests have in common, from each row and column on. */
function commonLengths(removed: readonly string[], added: readonly string[]): Uint32Array[] {
  const table = Array.from({ length: removed.length + 1 }, () => new Uint32Array(added.length + 1));
  for (let row = removed.length - 1; row >= 0; row--) {
    const here = table[row];
    const below = table[row + 1];
    if (!here || !below) continue;
    for (let column = added.length - 1; column >= 0; column--) {
      here[column] =
        removed[row] === added[column]
          ? (below[column + 1] ?? 0) + 1
          : Math.max(below[column] ?? 0, here[column + 1] ?? 0);
    }
  }
  return table;
}
