import type { ApprovalState, Transcript } from "@/transcript/blocks";

/** Blocks back from the end among which an open question is looked for: the turn waits for it. */
const NEAR = 50;

/** The newest question of a turn that nobody has answered. */
export function openQuestion(transcript: Transcript): ApprovalState | null {
  for (const block of transcript.blocks.slice(-NEAR).reverse()) {
    if (block.kind === "approval" && block.done === null) return block;
    if (block.kind === "tool" && block.approval?.done === null) return block.approval;
  }
  return null;
}
