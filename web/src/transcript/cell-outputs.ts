/** What a notebook cell gave, in nbformat's form. */
import { written, type Piece } from "@/transcript/console-text";

export type Output = Readonly<Record<string, unknown>>;

/** Return `outputs` and one more. A stream output that continues the last one is joined with it. */
export function withOutput(outputs: readonly Output[], output: Output): readonly Output[] {
  if (!isStream(output)) return [...outputs, output];
  const last = outputs.at(-1);
  const isContinued = last !== undefined && isStream(last) && last["name"] === output["name"];
  const name: Piece["name"] = output["name"] === "stderr" ? "stderr" : "stdout";
  const before = isContinued ? [{ name, text: textOf(last) }] : [];
  const text = written(before, name, textOf(output))
    .map((piece) => piece.text)
    .join("");
  const joined = { ...output, text };
  return isContinued ? outputs.with(-1, joined) : [...outputs, joined];
}

function isStream(output: Output): boolean {
  return output["output_type"] === "stream";
}

/** nbformat's texts are one string, or a list of lines. */
function textOf(output: Output): string {
  const text = output["text"];
  if (Array.isArray(text)) return text.filter((line) => typeof line === "string").join("");
  return typeof text === "string" ? text : "";
}
