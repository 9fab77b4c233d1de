/** Which tool call a diff belongs to. The event does not say; the path and the order do. */
import type { Block, ToolBlock } from "@/transcript/blocks";

const PATHS = ["file_path", "notebook_path", "path"];
/** How many blocks back a call is looked for: more than any model calls at once. */
const REACH = 64;

/** Return the index of the call that made this change: it names the file, and has no diff yet where there is a choice. */
export function diffTarget(blocks: readonly Block[], path: string): number | null {
  let found: number | null = null;
  for (let index = blocks.length - 1; index >= Math.max(0, blocks.length - REACH); index--) {
    const block = blocks[index];
    if (block?.kind !== "tool" || !names(block, path)) continue;
    if (block.result !== null && block.diffs.length === 0) return index;
    found ??= index;
  }
  if (found !== null) return found;
  return blocks.at(-1)?.kind === "tool" ? blocks.length - 1 : null;
}

function names(block: ToolBlock, path: string): boolean {
  if (typeof block.input !== "object" || block.input === null) return false;
  const input = block.input as Record<string, unknown>;
  return PATHS.some((name) => {
    const given = input[name];
    return typeof given === "string" && (given === path || given.replaceAll("\\", "/").endsWith(`/${path}`));
  });
}
