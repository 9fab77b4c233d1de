import fc from "fast-check";
import { expect, test } from "vitest";
import { parsePatch, proposedPatch } from "@/stream/patch";

test("lines get their numbers in both files", () => {
  const patch = parsePatch("--- a/x\n+++ b/x\n@@ -3,3 +3,4 @@ def f():\n same\n-old\n+new\n+more\n same\n");
  expect(patch).toMatchObject({ added: 2, removed: 1, isNew: false, isGone: false });
  expect(patch.lines.map((line) => [line.kind, line.before, line.after])).toEqual([
    ["hunk", null, null],
    ["same", 3, 3],
    ["removed", 4, null],
    ["added", null, 4],
    ["added", null, 5],
    ["same", 5, 6],
  ]);
});

test("lines that look like a head are content once a hunk began", () => {
  const patch = parsePatch("--- a/x\n+++ b/x\n@@ -1,1 +1,1 @@\n--- a dashed line\n+++ a plussed line\n");
  expect(patch).toMatchObject({ added: 1, removed: 1 });
});

test("new and deleted files are told apart", () => {
  expect(parsePatch("--- /dev/null\n+++ b/x\n@@ -0,0 +1,1 @@\n+a\n\\ No newline at end of file\n")).toMatchObject({
    isNew: true,
    added: 1,
  });
  expect(parsePatch("--- a/x\n+++ /dev/null\n@@ -1,1 +0,0 @@\n-a\n").isGone).toBe(true);
});

test("what is no patch shows no lines", () => {
  expect(parsePatch("Binary files differ").lines).toEqual([]);
});

test("a proposal marks only the lines that differ", () => {
  const patch = proposedPatch("a\nb\nc\nd\n", "a\nB\nc\nd\ne\n");
  expect(patch.lines.map((line) => `${line.kind} ${line.text}`)).toEqual([
    "same a",
    "removed b",
    "added B",
    "same c",
    "same d",
    "added e",
  ]);
});

test("a proposal holds all of the old text and all of the new one, in order", () => {
  const texts = fc.array(fc.constantFrom("a", "b", "c", "x y")).map((lines) => lines.join("\n"));
  fc.assert(
    fc.property(texts, texts, (before, after) => {
      const { lines } = proposedPatch(before, after);
      const side = (skipped: string) => lines.filter((line) => line.kind !== skipped).map((line) => line.text);
      expect(side("added").join("\n")).toBe(before);
      expect(side("removed").join("\n")).toBe(after);
    }),
  );
});
