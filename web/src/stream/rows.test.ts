import { expect, test } from "vitest";
import { outputRows } from "@/stream/rows";
import type { Block, TerminalBlock } from "@/transcript/blocks";

function terminal(id: string, isClosed: boolean): TerminalBlock {
  return { id, kind: "terminal", pieces: [{ name: "stdout", text: `${id}\n` }], lines: 1, isClosed };
}

function text(id: string): Block {
  return { id, kind: "text", text: id, isClosed: true };
}

test("output over several blocks is one terminal, also when more comes", () => {
  const first = terminal("a", true);
  const before = outputRows([text("t"), first, terminal("b", false), text("u")]);
  expect(before.map((row) => row.key)).toEqual(["t", "a", "u"]);
  const [, row] = outputRows([text("t"), first, terminal("b", true), terminal("c", false)]);
  expect(row?.kind === "terminal" && row.blocks.map((block) => block.id)).toEqual(["a", "b", "c"]);
  expect(row?.key).toBe("a");
});

test("unchanged blocks keep their rows, so that nothing of them is rendered again", () => {
  const blocks = [text("t"), terminal("a", true), text("u")];
  const before = outputRows(blocks);
  const after = outputRows([...blocks, text("v")]);
  expect(after.slice(0, 3).every((row, index) => row === before[index])).toBe(true);
});

test("the call that writes the todo list is not shown beside the list, unless it failed", () => {
  const call = (isError: boolean): Block => ({
    id: "w",
    kind: "tool",
    toolId: "w",
    name: "TodoWrite",
    input: {},
    result: { content: "", isError, seconds: null },
    diffs: [],
    approval: null,
  });
  expect(outputRows([call(false)])).toEqual([]);
  expect(outputRows([call(true)])).toHaveLength(1);
});
