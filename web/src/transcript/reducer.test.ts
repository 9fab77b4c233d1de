import fc from "fast-check";
import { expect, test } from "vitest";
import type { RawEvent } from "@/protocol/wire";
import type { Transcript } from "@/transcript/blocks";
import { TranscriptBuilder } from "@/transcript/builder";
import { GapError } from "@/transcript/receiver";
import { EMPTY, reduce } from "@/transcript/reducer";

const text = (value: string): RawEvent => ({ type: "text", text: value });
const out = (value: string, name = "stdout"): RawEvent => ({ type: "stream", name, text: value });

function whole(...events: RawEvent[]): Transcript {
  return reduce(EMPTY, events, 1);
}

const ids = fc.constantFrom("t1", "t2", "t3");
const markdown = fc
  .array(
    fc.constantFrom("a", " ", "\n", "\n\n", "- b", "```", "word ", "  indented", "<!--", "-->", "1. one", "# h"),
    {
      maxLength: 6,
    },
  )
  .map((parts) => parts.join(""));
const consoleText = fc
  .array(fc.constantFrom("ab", "c", "\r", "\n", "\r\n", "\u001b[31m", "\u001b[0m", "\n".repeat(300)), {
    maxLength: 6,
  })
  .map((parts) => parts.join(""));
const anyEvent: fc.Arbitrary<RawEvent> = fc.oneof(
  { weight: 6, arbitrary: markdown.map(text) },
  { weight: 4, arbitrary: fc.tuple(consoleText, fc.constantFrom("stdout", "stderr")).map(([t, n]) => out(t, n)) },
  fc.record({ type: fc.constant("thinking"), text: markdown }),
  fc.record({
    type: fc.constant("tool_use"),
    id: ids,
    name: fc.constant("Edit"),
    input: fc.constant({ file_path: "/w/a" }),
  }),
  fc.record({ type: fc.constant("tool_result"), id: ids, content: fc.string(), is_error: fc.boolean() }),
  fc.record({ type: fc.constant("diff"), path: fc.constantFrom("a", "b"), patch: fc.constant("+x\n") }),
  fc.record({ type: fc.constant("todo"), items: fc.constant([{ text: "one", status: "pending" }]) }),
  fc.record({ type: fc.constant("approval"), id: ids, tool: fc.constant("Bash"), input: fc.constant({}) }),
  fc.record({ type: fc.constant("approval_done"), id: ids, choice: fc.constant("allow"), by: fc.constant("ann") }),
  fc.record({ type: fc.constant("follow_up"), text: fc.string(), by: fc.constant("ann") }),
  fc.record({ type: fc.constant("usage"), input_tokens: fc.nat(9), cost_usd: fc.constantFrom(1, null) }),
  fc.record({ type: fc.constant("notice"), level: fc.constant("info"), text: fc.string() }),
  fc.record({ type: fc.constant("cell"), index: fc.nat(2), of: fc.constant(3) }),
  fc.record({
    type: fc.constant("cell_output"),
    index: fc.nat(2),
    output: fc.record({ output_type: fc.constant("stream"), name: fc.constant("stdout"), text: consoleText }),
  }),
  fc.record({ type: fc.constantFrom("someday", "constructor", "tool_use"), more: fc.nat() }),
);

/** What arrives: pieces of the log, some again, some from the middle of what is known. */
function deliveries(events: readonly RawEvent[], sizes: readonly number[], backs: readonly number[]) {
  const found: { seq: number; events: readonly RawEvent[] }[] = [];
  let next = 0;
  for (let turn = 0; next < events.length; turn++) {
    const start = Math.max(0, next - (backs[turn % backs.length] ?? 0));
    const end = Math.min(events.length, next + (sizes[turn % sizes.length] ?? 1));
    found.push({ seq: start + 1, events: events.slice(start, end) });
    next = end;
  }
  return found;
}

test("any split, repetition and replay gives the transcript of the whole at once", () => {
  fc.assert(
    fc.property(
      fc.array(anyEvent, { maxLength: 60 }),
      fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 8 }),
      fc.array(fc.nat(6), { minLength: 1, maxLength: 8 }),
      (events, sizes, backs) => {
        const builder = new TranscriptBuilder();
        let transcript = EMPTY;
        for (const piece of deliveries(events, sizes, backs)) {
          const known = transcript.seq;
          transcript = reduce(transcript, piece.events, piece.seq);
          builder.append(piece.events.slice(known + 1 - piece.seq));
          expect(builder.transcript).toEqual(transcript);
        }
        expect(transcript).toEqual(whole(...events));
      },
    ),
    { numRuns: 500 },
  );
});

test("text and output cut anywhere give the same blocks", () => {
  fc.assert(
    fc.property(fc.oneof(markdown, consoleText), fc.array(fc.nat(40), { maxLength: 6 }), (value, places) => {
      const cuts = [0, ...places.map((place) => Math.min(place, value.length)), value.length].sort(
        (a, b) => a - b,
      );
      const parts = cuts.slice(1).map((end, index) => value.slice(cuts[index], end));
      for (const event of [text, out]) {
        const builder = new TranscriptBuilder();
        for (const part of parts) builder.append([event(part)]);
        expect(builder.transcript.blocks).toEqual(whole(event(value)).blocks);
      }
    }),
    { numRuns: 1000 },
  );
});

test("events before those that came are asked for", () => {
  expect(() => reduce(EMPTY, [text("late")], 2)).toThrow(GapError);
  expect(() => reduce(whole(text("a")), [text("c")], 3)).toThrow(expect.objectContaining({ wanted: 2 }));
});

test("what was known already changes nothing", () => {
  const transcript = whole(text("a"), text("b"));
  expect(reduce(transcript, [text("a"), text("b")], 1)).toBe(transcript);
});

test("blocks that do not change stay the same objects", () => {
  const before = whole(text("one\n\ntwo"), { type: "notice", level: "info", text: "n" }, text("three"));
  const after = reduce(before, [text(" more")], 4);
  expect(after.blocks[0]).toBe(before.blocks[0]);
  expect(after.blocks[1]).toBe(before.blocks[1]);
  expect(after.blocks.at(-1)).not.toBe(before.blocks.at(-1));
  expect(before.blocks.at(-1)).toMatchObject({ text: "three" });
});

const HOUR_OF_OUTPUT = Array.from({ length: 10_000 }, (_, index): RawEvent => {
  if (index % 10 === 0) return { type: "tool_use", id: `t${index}`, name: "Bash", input: { command: "ls" } };
  if (index % 10 === 1) return { type: "tool_result", id: `t${index - 1}`, content: "ok" };
  return index % 2 ? text(`word ${index}${index % 7 === 0 ? "\n\n" : ""}`) : out(`line ${index}\n`);
});

test("ten thousand events at once take well under a second", () => {
  const start = performance.now();
  const transcript = whole(...HOUR_OF_OUTPUT);
  expect(performance.now() - start).toBeLessThan(500);
  expect(transcript.seq).toBe(10_000);
});

test("ten thousand events one by one, shown after each, take well under a second", () => {
  const builder = new TranscriptBuilder();
  const start = performance.now();
  for (const event of HOUR_OF_OUTPUT) {
    builder.append([event]);
    expect(builder.transcript.seq).toBeGreaterThan(0);
  }
  expect(performance.now() - start).toBeLessThan(1000);
});

test("a long answer that comes word by word is cut as it grows, in linear time", () => {
  const builder = new TranscriptBuilder();
  const start = performance.now();
  for (let index = 0; index < 20_000; index++) builder.append([text(index % 40 === 39 ? "end.\n\n" : "word ")]);
  expect(performance.now() - start).toBeLessThan(1000);
  expect(builder.transcript.blocks.length).toBe(500);
});

test("a progress bar that writes its line ten thousand times does not grow", () => {
  const builder = new TranscriptBuilder();
  for (let index = 0; index < 10_000; index++)
    builder.append([out(`\u001b[32m${index} of 10000\u001b[0m\r`, "stderr")]);
  builder.append([out("\ndone\n")]);
  expect(builder.transcript.blocks).toEqual([
    expect.objectContaining({
      lines: 2,
      pieces: [
        { name: "stderr", text: "\u001b[0m\u001b[32m9999 of 10000\u001b[0m" },
        { name: "stdout", text: "\ndone\n" },
      ],
    }),
  ]);
});
