/** What a notebook cell gave, in nbformat's form, with what Jupyter says of displays that change. */
import { written, type Piece } from "@/transcript/console-text";

export type Output = Readonly<Record<string, unknown>>;

/**
 * Return `outputs` and one more. A stream output that continues the last one is joined with it. `clear_output` removes
 * what is there, or stays last until the next output comes, if it is to wait for that.
 */
export function withOutput(outputs: readonly Output[], output: Output): readonly Output[] {
  if (output["output_type"] === "clear_output") return output["wait"] === true ? [...outputs, output] : [];
  if (outputs.at(-1)?.["output_type"] === "clear_output") return withOutput([], output);
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

/** Return `outputs` with the displays replaced that `output` updates; the same array where there is none. */
export function withUpdate(outputs: readonly Output[], output: Output): readonly Output[] {
  const wanted = displayOf(output);
  if (wanted === null || !outputs.some((shown) => displayOf(shown) === wanted)) return outputs;
  const { data, metadata } = output;
  return outputs.map((shown) => (displayOf(shown) === wanted ? { ...shown, data, metadata } : shown));
}

export function isUpdate(output: Output): boolean {
  return output["output_type"] === "update_display_data";
}

/** Jupyter's name for a display that may change; null for one that has none. */
function displayOf(output: Output): string | null {
  const transient = output["transient"];
  if (typeof transient !== "object" || transient === null) return null;
  const id: unknown = (transient as Output)["display_id"];
  return typeof id === "string" ? id : null;
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
