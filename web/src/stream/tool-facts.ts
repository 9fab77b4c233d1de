/** What a tool is, by its name, and what a call of it does, in one line. */
import { fields, pretty, textOf } from "@/stream/tool-content";

export type ToolKind =
  | "command"
  | "read"
  | "write"
  | "edit"
  | "search"
  | "find"
  | "fetch"
  | "agent"
  | "todo"
  | "plan"
  | "notebook"
  | "other";

const KINDS: Readonly<Record<string, ToolKind>> = {
  Bash: "command",
  BashOutput: "command",
  KillShell: "command",
  KillBash: "command",
  Command: "command",
  PowerShell: "command",
  Python: "command",
  Read: "read",
  NotebookRead: "read",
  Write: "write",
  Edit: "edit",
  MultiEdit: "edit",
  NotebookEdit: "notebook",
  Notebook: "notebook",
  Grep: "search",
  WebSearch: "search",
  Glob: "find",
  LS: "find",
  WebFetch: "fetch",
  Task: "agent",
  Agent: "agent",
  TodoWrite: "todo",
  ExitPlanMode: "plan",
  EnterPlanMode: "plan",
};

/** The input that says most about a call, by name, the first that there is. */
const MAIN = [
  "command",
  "file_path",
  "notebook_path",
  "pattern",
  "path",
  "url",
  "query",
  "description",
  "prompt",
  "code",
  "plan",
] as const;

export function toolKind(name: string): ToolKind {
  return KINDS[name] ?? "other";
}

/** Return the name as people read it: `mcp__github__get_issue` is `github · get issue`. */
export function toolTitle(name: string): string {
  const foreign = /^mcp__(.+?)__(.+)$/.exec(name);
  return foreign ? `${foreign[1] ?? ""} · ${(foreign[2] ?? "").replaceAll("_", " ")}` : name;
}

/** Return what says most about a call, in one line. */
export function toolSummary(name: string, input: unknown): string {
  if (toolKind(name) === "agent") return oneLine(textOf(input, "description", "prompt"));
  if (toolKind(name) === "todo") return "";
  const main = textOf(input, ...MAIN);
  const text = main || Object.values(fields(input)).find((value) => typeof value === "string");
  const summary = oneLine(typeof text === "string" ? text : shortJson(input));
  return toolKind(name) === "search" && textOf(input, "path") ? `${summary}  ${textOf(input, "path")}` : summary;
}

function shortJson(input: unknown): string {
  const isEmpty = input === null || input === undefined || Object.keys(fields(input)).length === 0;
  return isEmpty && typeof input !== "string" ? "" : typeof input === "string" ? input : pretty(input);
}

/** Return the text without line ends, cut where nobody sees it any more. */
function oneLine(text: string): string {
  return text.replace(/\s+/g, " ").trim().slice(0, 300);
}
