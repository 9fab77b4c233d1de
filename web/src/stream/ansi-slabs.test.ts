import fc from "fast-check";
import { expect, test } from "vitest";
import { AnsiReader, type Span } from "@/stream/ansi";
import { AnsiSlabs } from "@/stream/ansi-slabs";

/** Every character with how it looks. */
function looks(spans: readonly Span[]): string[] {
  return spans.flatMap((span) => Array.from(span.text, (letter) => `${letter} ${span.classes}`));
}

test("however output grows, it looks as if it was read at once", () => {
  const part = fc.constantFrom("word ", "\n", "\n".repeat(45), "\x1b[31m", "\x1b[1;4m", "\x1b[0m", "\x1b[22m");
  fc.assert(
    fc.property(fc.array(part, { maxLength: 60 }), (parts) => {
      const slabs = new AnsiSlabs();
      let text = "";
      let shown: readonly { spans: readonly Span[] }[] = [];
      for (const each of parts) {
        text += each;
        shown = slabs.read([{ name: "stdout", text }]);
      }
      expect(shown.flatMap((slab) => looks(slab.spans))).toEqual(looks(new AnsiReader().read(text)));
    }),
  );
});

test("what did not change stays the same object", () => {
  const slabs = new AnsiSlabs();
  const lines = "line\n".repeat(100);
  const before = slabs.read([{ name: "stdout", text: lines }]);
  const after = slabs.read([{ name: "stdout", text: `${lines}more` }]);
  expect(before).toHaveLength(3);
  expect(after.slice(0, 2).every((slab, index) => slab === before[index])).toBe(true);
  expect(after[2]?.text.endsWith("more")).toBe(true);
});

test("stdout and stderr each keep their own colour", () => {
  const shown = new AnsiSlabs().read([
    { name: "stdout", text: "\x1b[32mgreen" },
    { name: "stderr", text: "plain" },
    { name: "stdout", text: "still green" },
  ]);
  expect(shown.map((slab) => slab.spans[0]?.classes)).toEqual(["ansi-green", "", "ansi-green"]);
});
