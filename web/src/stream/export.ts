/** A whole conversation as Markdown. */
import type { Subtask, TodoItem } from "@/protocol/wire";
import { plainOutput } from "@/stream/ansi";
import { contentText, fields, languageOf, pretty, textOf } from "@/stream/tool-content";
import { toolKind, toolSummary, toolTitle } from "@/stream/tool-facts";
import type { Block, CellBlock, TerminalBlock, ToolBlock, Transcript } from "@/transcript/blocks";

/** The words that the document itself needs, in the reader's language. */
export interface ExportWords {
  readonly you: string;
  readonly answer: string;
  readonly thought: string;
  readonly failed: string;
  readonly cancelled: string;
  readonly denied: string;
}

const ENGLISH: ExportWords = {
  you: "You",
  answer: "Answer",
  thought: "Thought",
  failed: "Failed",
  cancelled: "Stopped",
  denied: "denied",
};

export interface ExportedTurn {
  readonly turn: Subtask;
  readonly transcript: Transcript;
}

/** Return the conversation as Markdown that GitHub and editors show well. */
export function exportMarkdown(
  title: string,
  turns: readonly ExportedTurn[],
  words: ExportWords = ENGLISH,
): string {
  const parts = turns.flatMap(({ turn, transcript }) => [
    `## ${words.you}`,
    `_${turn.created_at}_`,
    turn.shell === "Command" || turn.shell === "Python"
      ? fenced(turn.prompt, shellLanguage(turn.shell))
      : turn.prompt,
    `## ${words.answer}`,
    ...blockTexts(transcript.blocks, words),
    ...outcome(turn, words),
  ]);
  return `${[`# ${title}`, ...parts]
    .map((part) => part.replace(/\s+$/, ""))
    .filter(Boolean)
    .join("\n\n")}\n`;
}

function shellLanguage(shell: string): string {
  return shell === "Python" ? "python" : "sh";
}

function blockTexts(blocks: readonly Block[], words: ExportWords): string[] {
  const texts: string[] = [];
  let output = "";
  for (const block of blocks) {
    if (block.kind === "terminal") {
      output += terminalText(block);
      continue;
    }
    if (output) texts.push(fenced(output, "text"));
    output = "";
    texts.push(blockText(block, words));
  }
  return output ? [...texts, fenced(output, "text")] : texts;
}

function blockText(block: Exclude<Block, TerminalBlock>, words: ExportWords): string {
  switch (block.kind) {
    case "text":
      return block.text.replace(/^\n+/, "");
    case "thinking":
      return details(words.thought, block.text);
    case "tool":
      return toolText(block, words);
    case "approval":
      return `> ${toolTitle(block.asked.tool)}: ${block.done ? `${block.done.choice} (${block.done.by})` : "?"}`;
    case "follow_up":
      return `> **${words.you}**: ${block.text.replaceAll("\n", "\n> ")}`;
    case "diff":
      return fenced(block.patch, "diff");
    case "todo":
      return block.items.map(todoLine).join("\n");
    case "cell":
      return cellText(block);
    case "notice":
      return `> ${[block.notice.text, block.notice.until].filter(Boolean).join(" → ").replaceAll("\n", "\n> ")}`;
    case "file":
      return `- 📎 ${block.file.name} (${block.file.media_type}, ${block.file.size} B)`;
    case "unknown":
      return fenced(pretty(block.data), "json");
  }
}

function toolText(block: ToolBlock, words: ExportWords): string {
  const summary = toolSummary(block.name, block.input);
  const marks = [block.result?.isError && words.failed, block.approval?.done?.choice === "deny" && words.denied];
  const noted = marks.filter((mark) => typeof mark === "string").join(", ");
  const head = [`**${toolTitle(block.name)}**`, summary && inline(summary), noted && `(${noted})`]
    .filter(Boolean)
    .join(" ");
  const diffs = block.diffs.map((diff) => fenced(diff.patch, "diff"));
  const result = block.result ? plainOutput(contentText(block.result.content)) : "";
  const shown =
    result.trim() && (diffs.length === 0 || block.result?.isError)
      ? [details(head, fenced(result, "text"), true)]
      : [head];
  const written = toolKind(block.name) === "write" && diffs.length === 0 ? [writtenText(block)] : [];
  return [...shown, ...written, ...diffs].filter(Boolean).join("\n\n");
}

function writtenText(block: ToolBlock): string {
  const content = textOf(block.input, "content");
  return content ? fenced(content, languageOf(textOf(block.input, "file_path"))) : "";
}

function todoLine(item: TodoItem): string {
  return `- [${item.status === "completed" ? "x" : " "}] ${item.text}`;
}

function cellText(block: CellBlock): string {
  const source = block.source ? [fenced(block.source, "python")] : [];
  const outputs = block.outputs.map(outputText).filter((text) => text.trim() !== "");
  return [`**[${block.index}/${block.of}]**`, ...source, ...outputs.map((text) => fenced(text, "text"))].join(
    "\n\n",
  );
}

/** The plain form of a notebook output (nbformat 4); an image is named, not embedded. */
function outputText(output: Readonly<Record<string, unknown>>): string {
  const traceback = output["traceback"];
  if (Array.isArray(traceback)) return plainOutput(traceback.map(String).join("\n"));
  const data = fields(output["data"]);
  const text = output["text"] ?? data["text/plain"] ?? Object.keys(data).join(", ");
  return plainOutput(Array.isArray(text) ? text.map(String).join("") : typeof text === "string" ? text : "");
}

function terminalText(block: TerminalBlock): string {
  return plainOutput(block.pieces.map((piece) => piece.text).join(""));
}

function outcome(turn: Subtask, words: ExportWords): string[] {
  if (turn.state === "cancelled") return [`_${words.cancelled}_`];
  if (turn.state === "failed") return [`> **${words.failed}**${turn.error ? `: ${turn.error.message}` : ""}`];
  return [];
}

/** A fence that is longer than any inside of the text. */
function fenced(text: string, language: string): string {
  const longest = Math.max(2, ...[...text.matchAll(/`{3,}/g)].map((found) => found[0].length));
  const fence = "`".repeat(longest + 1);
  return `${fence}${language}\n${text.replace(/\n+$/, "")}\n${fence}`;
}

function inline(text: string): string {
  return text.includes("`") ? `\`\` ${text} \`\`` : `\`${text}\``;
}

/** Folded in what shows HTML, readable in what does not. */
function details(summary: string, content: string, isMarkdown = false): string {
  const title = isMarkdown ? summaryHtml(summary) : summary;
  return `<details>\n<summary>${title}</summary>\n\n${content.trim()}\n\n</details>`;
}

/** Marks of Markdown do nothing inside of a summary. */
function summaryHtml(markdown: string): string {
  return markdown
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replace(/\*\*(.+?)\*\*/, "<b>$1</b>")
    .replace(/(`+) ?(.+?) ?\1/, "<code>$2</code>");
}
