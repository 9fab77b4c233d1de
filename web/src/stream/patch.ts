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

/** Make a patch of what an editing tool asks for, before there is a real one: the old text goes, the new one comes. */
export function proposedPatch(before: string, after: string): Patch {
  const removed = before ? before.replace(/\n$/, "").split("\n") : [];
  const added = after ? after.replace(/\n$/, "").split("\n") : [];
  const head = common(removed, added);
  const tail = common([...removed.slice(head)].reverse(), [...added.slice(head)].reverse());
  const same = (text: string): PatchLine => ({ kind: "same", before: null, after: null, text });
  const lines: PatchLine[] = [
    ...removed.slice(0, head).map(same),
    ...removed
      .slice(head, removed.length - tail)
      .map((text): PatchLine => ({ kind: "removed", before: null, after: null, text })),
    ...added
      .slice(head, added.length - tail)
      .map((text): PatchLine => ({ kind: "added", before: null, after: null, text })),
    ...removed.slice(removed.length - tail).map(same),
  ];
  return {
    lines,
    added: added.length - head - tail,
    removed: removed.length - head - tail,
    isNew: false,
    isGone: false,
  };
}

function common(one: readonly string[], other: readonly string[]): number {
  let count = 0;
  while (count < one.length && count < other.length && one[count] === other[count]) count++;
  return count;
}
