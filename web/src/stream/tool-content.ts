/** What goes into a tool and comes out of it, as text and fields. */

export type Fields = Readonly<Record<string, unknown>>;

/** Return a tool's input as fields; whatever else it is has none. */
export function fields(input: unknown): Fields {
  return typeof input === "object" && input !== null && !Array.isArray(input) ? (input as Fields) : {};
}

/** Return a field's text, or an empty one. */
export function textOf(input: unknown, ...names: readonly string[]): string {
  const found = fields(input);
  for (const name of names) {
    const value = found[name];
    if (typeof value === "string" && value) return value;
  }
  return "";
}

/** Return what a tool gave as text: it is a string, or blocks of text and other things. */
export function contentText(content: unknown): string {
  if (content === null || content === undefined) return "";
  if (typeof content === "string") return content;
  if (Array.isArray(content)) return content.map(partText).join("\n");
  return pretty(content);
}

function partText(part: unknown): string {
  if (typeof part === "string") return part;
  const { type, text, media_type: mediaType } = fields(part);
  if (typeof text === "string") return text;
  if (type === "image") return `[${typeof mediaType === "string" && mediaType ? mediaType : "image"}]`;
  return pretty(part);
}

/** Return a value as JSON that people read. */
export function pretty(value: unknown): string {
  return JSON.stringify(value, null, 2);
}

export interface NumberedLine {
  readonly number: number;
  readonly text: string;
}

const NUMBERED = /^\s*(\d+)[→\t](.*)$/;

/** Read the numbered lines that a reading tool gives; null where they are not numbered. */
export function numberedLines(text: string): NumberedLine[] | null {
  const rows = text.split("\n");
  const lines: NumberedLine[] = [];
  for (const row of rows) {
    const found = NUMBERED.exec(row);
    if (!found) break;
    lines.push({ number: Number(found[1]), text: found[2] ?? "" });
  }
  // What follows is a word to the model, not the file's.
  return lines.length > 0 ? lines : null;
}

const LANGUAGES: Readonly<Record<string, string>> = {
  bash: "bash",
  c: "c",
  cc: "cpp",
  cjs: "javascript",
  cpp: "cpp",
  cs: "csharp",
  css: "css",
  go: "go",
  h: "c",
  html: "xml",
  ini: "ini",
  java: "java",
  js: "javascript",
  json: "json",
  jsx: "javascript",
  kt: "kotlin",
  lua: "lua",
  md: "markdown",
  mjs: "javascript",
  php: "php",
  pl: "perl",
  py: "python",
  r: "r",
  rb: "ruby",
  rs: "rust",
  scss: "scss",
  sh: "bash",
  sql: "sql",
  svg: "xml",
  swift: "swift",
  toml: "ini",
  ts: "typescript",
  tsx: "typescript",
  xml: "xml",
  yaml: "yaml",
  yml: "yaml",
};

/** Return the grammar for a file by its name, or an empty name. */
export function languageOf(path: string): string {
  const name = path.split("/").at(-1) ?? "";
  if (name === "Makefile") return "makefile";
  return LANGUAGES[name.split(".").at(-1)?.toLowerCase() ?? ""] ?? "";
}
