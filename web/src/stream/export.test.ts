import { expect, test } from "vitest";
import type { Subtask } from "@/protocol/wire";
import { exportMarkdown } from "@/stream/export";
import { answerText, plainText } from "@/stream/plain-text";
import type { Block, Transcript } from "@/transcript/blocks";

function turn(changes: Partial<Subtask>): Subtask {
  return {
    subtask_id: "s1",
    task_id: "t1",
    state: "completed",
    attempt: 1,
    device_id: "d1",
    shell: "ClaudeCode",
    prompt: "Change the port",
    queue_position: null,
    seq: 9,
    error: null,
    result: null,
    created_at: "2026-01-02T03:04:05Z",
    started_at: null,
    ended_at: null,
    ...changes,
  };
}

function transcript(...blocks: Block[]): Transcript {
  return { seq: blocks.length, blocks, usage: null };
}

const CALL = {
  kind: "tool",
  toolId: "t1",
  name: "Bash",
  input: { command: "echo `date`" },
  result: { content: "\x1b[32mok\x1b[0m\n```", isError: true, seconds: 1 },
  diffs: [],
  approval: null,
} as const;

test("a conversation becomes Markdown with its tools, diffs and how it ended", () => {
  const blocks = transcript(
    { id: "1", kind: "thinking", text: "Hm.", isClosed: true },
    { id: "2", kind: "text", text: "First\n\n", isClosed: true },
    { id: "3", ...CALL },
    { id: "4", kind: "diff", path: "x", patch: "--- a/x\n+++ b/x\n@@ -1,1 +1,1 @@\n-a\n+b\n" },
    {
      id: "5",
      kind: "todo",
      items: [
        { text: "test", status: "completed" },
        { text: "ship", status: "pending" },
      ],
    },
    { id: "6", kind: "text", text: "Done.", isClosed: true },
  );
  const failed = turn({ state: "failed", error: { code: "timed_out", message: "It ran out of time." } });
  const text = exportMarkdown("Ports", [{ turn: failed, transcript: blocks }]);
  expect(text).toMatchInlineSnapshot(`
    "# Ports

    ## You

    _2026-01-02T03:04:05Z_

    Change the port

    ## Answer

    <details>
    <summary>Thought</summary>

    Hm.

    </details>

    First

    <details>
    <summary><b>Bash</b> <code>echo \`date\`</code> (Failed)</summary>

    \`\`\`\`text
    ok
    \`\`\`
    \`\`\`\`

    </details>

    \`\`\`diff
    --- a/x
    +++ b/x
    @@ -1,1 +1,1 @@
    -a
    +b
    \`\`\`

    - [x] test
    - [ ] ship

    Done.

    > **Failed**: It ran out of time.
    "
  `);
});

test("a process's output over several blocks is one fence", () => {
  const piece = (id: string, text: string): Block => ({
    id,
    kind: "terminal",
    pieces: [{ name: "stdout", text }],
    lines: 1,
    isClosed: true,
  });
  const text = exportMarkdown("Run", [
    {
      turn: turn({ shell: "Command", prompt: "seq 2" }),
      transcript: transcript(piece("a", "1\n"), piece("b", "2\n")),
    },
  ]);
  expect(text).toContain("```sh\nseq 2\n```");
  expect(text).toContain("```text\n1\n2\n```");
});

test("copying an answer gives its Markdown, without tools and thoughts", () => {
  const answer = transcript(
    { id: "1", kind: "thinking", text: "Hm.", isClosed: true },
    { id: "2", kind: "text", text: "\n\nA **bold** word.\n\n", isClosed: true },
    { id: "3", ...CALL },
    { id: "4", kind: "text", text: "- item\n", isClosed: true },
  );
  expect(answerText(answer)).toBe("A **bold** word.\n\n- item");
});

test("what is read aloud has no marks", () => {
  expect(plainText("## Title\n\nA **bold** `word` and [a link](https://a.b) 2 * 3 * 4\n\n```py\nx_y\n```")).toBe(
    "Title\n\nA bold word and a link 2 * 3 * 4\n\nx_y",
  );
});
