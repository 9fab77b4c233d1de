import { expect, test } from "vitest";
import type { RawEvent } from "@/protocol/wire";
import type { Block } from "@/transcript/blocks";
import { TranscriptBuilder } from "@/transcript/builder";
import { EMPTY, reduce } from "@/transcript/reducer";

function blocks(...events: RawEvent[]): readonly Block[] {
  return reduce(EMPTY, events, 1).blocks;
}

function texts(value: string): string[] {
  return blocks({ type: "text", text: value }).map((block) => (block.kind === "text" ? block.text : block.kind));
}

const use = (id: string, input: unknown = {}): RawEvent => ({ type: "tool_use", id, name: "Edit", input });
const result = (id: string): RawEvent => ({ type: "tool_result", id, content: "ok", seconds: 1.5 });
const out = (text: string, name = "stdout"): RawEvent => ({ type: "stream", name, text });

test("markdown is cut at blank lines", () => {
  expect(texts("# Title\n\nOne.\n\n\nTwo.\n")).toEqual(["# Title\n\n", "One.\n\n\n", "Two.\n"]);
});

test.each([
  ["a code fence", "```py\na\n\nb\n```"],
  ["a fence of more marks", "````\n```\n\n```\n````"],
  ["a loose list", "- one\n\n- two\n\n  more of two\n\n- three"],
  ["a numbered list with code", "1. one\n\n   ```\n   a\n\n   b\n   ```\n\n2. two"],
  ["a comment", "<!-- one\n\ntwo -->"],
])("%s is not cut", (_, value) => {
  expect(texts(value)).toEqual([value]);
});

test("what follows a list or a fence is a block of its own", () => {
  expect(texts("- one\n- two\n\nA paragraph.\n")).toEqual(["- one\n- two\n\n", "A paragraph.\n"]);
  expect(texts("```\na\n```\n\nA paragraph.\n")).toEqual(["```\na\n```\n\n", "A paragraph.\n"]);
});

test("joined, the blocks are the text", () => {
  const value = "One.\n\n- a\n- b\n\nTwo.\n\n```\nx\n\n```\n\nThree.\n";
  expect(texts(value).join("")).toBe(value);
});

test("only the last block of a running turn is open, and none of an ended one", () => {
  const builder = new TranscriptBuilder();
  builder.append([
    { type: "thinking", text: "hm" },
    { type: "text", text: "a\n\nb\n" },
  ]);
  const open = () => builder.transcript.blocks.map((block) => "isClosed" in block && !block.isClosed);
  expect(open()).toEqual([false, false, true]);
  builder.close();
  expect(open()).toEqual([false, false, false]);
});

test("a tool's question, result and change are in its block", () => {
  const asked = { type: "approval", id: "t1", tool: "Edit", input: {}, choices: ["allow"] };
  const found = blocks(
    use("t1", { file_path: "/home/a/src/app.py" }),
    asked,
    { type: "approval_done", id: "t1", choice: "allow", by: "ann" },
    result("t1"),
    { type: "diff", path: "src/app.py", patch: "+x" },
  );
  expect(found).toEqual([
    expect.objectContaining({
      kind: "tool",
      result: { content: "ok", isError: false, seconds: 1.5 },
      approval: { asked, done: { choice: "allow", by: "ann" } },
      diffs: [{ path: "src/app.py", patch: "+x" }],
    }),
  ]);
});

test("of two calls that change one file each has its own change", () => {
  const found = blocks(
    use("t1", { file_path: "/w/a" }),
    use("t2", { file_path: "/w/a" }),
    result("t1"),
    { type: "diff", path: "a", patch: "1" },
    result("t2"),
    { type: "diff", path: "a", patch: "2" },
  );
  expect(found).toMatchObject([{ diffs: [{ patch: "1" }] }, { diffs: [{ patch: "2" }] }]);
});

test("a question that comes before its call becomes the call's", () => {
  const found = blocks({ type: "approval", id: "t1", tool: "Edit", input: {} }, use("t1"));
  expect(found).toMatchObject([{ kind: "tool", approval: { done: null } }]);
});

test("a question without a call stands for itself", () => {
  const found = blocks(
    { type: "approval", id: "q", tool: "Bash", input: {} },
    { type: "approval_done", id: "q", choice: "deny", by: "bob" },
  );
  expect(found).toMatchObject([{ kind: "approval", done: { choice: "deny", by: "bob" } }]);
});

test("the todo list stays in its place", () => {
  const todo = (status: string): RawEvent => ({ type: "todo", items: [{ text: "one", status }] });
  const found = blocks(todo("pending"), { type: "text", text: "a" }, todo("completed"));
  expect(found).toMatchObject([{ kind: "todo", items: [{ status: "completed" }] }, { kind: "text" }]);
});

test("a long output is blocks of five hundred lines", () => {
  const found = blocks(out("x\n".repeat(1200)));
  expect(found).toMatchObject([{ lines: 500, isClosed: true }, { lines: 500, isClosed: true }, { lines: 200 }]);
});

test("both streams keep their order and their names", () => {
  expect(blocks(out("a"), out("b"), out("E", "stderr"), out("c\n"))).toMatchObject([
    {
      pieces: [
        { name: "stdout", text: "ab" },
        { name: "stderr", text: "E" },
        { name: "stdout", text: "c\n" },
      ],
    },
  ]);
});

test("a cell's stream outputs are joined, others are kept apart", () => {
  const stream = (text: unknown): RawEvent => ({
    type: "cell_output",
    index: 1,
    output: { output_type: "stream", name: "stdout", text },
  });
  const shown = { output_type: "display_data", data: {} };
  const found = blocks({ type: "cell", index: 1, of: 2, source: "x" }, stream("a\n"), stream(["b\n", "c"]), {
    type: "cell_output",
    index: 1,
    output: shown,
  });
  expect(found).toMatchObject([{ kind: "cell", source: "x", outputs: [{ text: "a\nb\nc" }, shown] }]);
});

test("a display is updated wherever it is, and what is cleared is gone once the next output comes", () => {
  const output = (index: number, output: Record<string, unknown>): RawEvent => ({
    type: "cell_output",
    index,
    output,
  });
  const bar = (text: string, output_type: string) => ({
    output_type,
    data: { "text/plain": text },
    metadata: {},
    transient: { display_id: "bar" },
  });
  const stream = (text: string) => ({ output_type: "stream", name: "stdout", text });
  const wait = { output_type: "clear_output", wait: true };
  const found = blocks(
    output(1, bar("0%", "display_data")),
    output(2, stream("old")),
    output(2, bar("9%", "update_display_data")),
    output(2, wait),
  );
  expect(found).toMatchObject([
    { outputs: [{ output_type: "display_data", data: { "text/plain": "9%" } }] },
    { outputs: [stream("old"), wait] },
  ]);
  expect(blocks(output(1, stream("old")), output(1, wait), output(1, stream("new")))).toMatchObject([
    { outputs: [stream("new")] },
  ]);
  expect(blocks(output(1, stream("old")), output(1, { ...wait, wait: false }))).toMatchObject([{ outputs: [] }]);
  expect(blocks(output(1, bar("lost", "update_display_data")))).toEqual([]);
});

test("usage is summed over the turn", () => {
  const used = { type: "usage", input_tokens: 2, seconds: 1, model: "m" };
  expect(reduce(EMPTY, [used, { ...used, cost_usd: 0.5 }], 1).usage).toMatchObject({
    input_tokens: 4,
    seconds: 2,
    cost_usd: 0.5,
    model: "m",
  });
});

test.each([
  { type: "someday", more: 1 },
  { type: "text", text: 5 },
  { type: "tool_result", id: "nobody", content: "" },
])("what is not known is kept whole: %o", (event) => {
  expect(blocks(event)).toMatchObject([{ kind: "unknown", data: event }]);
});

test("what a subagent does names the call that began it, which tells how it stands", () => {
  const found = blocks(
    use("t1"),
    { type: "subagent", id: "t1", status: "started", kind: "Explore" },
    { ...use("t2"), parent: "t1" },
    { ...result("t2"), parent: "t1" },
    { type: "subagent", id: "t1", status: "completed", text: "It is there.", seconds: 2 },
    { type: "subagent", id: "t9", status: "started" },
  );
  expect(found.map((block) => block.kind)).toEqual(["tool", "tool", "unknown"]);
  expect(found[0]).toMatchObject({
    parent: null,
    agent: { status: "completed", text: "It is there.", seconds: 2 },
  });
  expect(found[1]).toMatchObject({ parent: "t1", result: { content: "ok" } });
});
