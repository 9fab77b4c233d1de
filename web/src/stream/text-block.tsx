/** A piece of the answer, written in Markdown. */
import { memo } from "react";
import { Markdown } from "@/stream/markdown";
import type { TextBlock as TextBlockData } from "@/transcript/blocks";

/** Closed blocks never change, so they are parsed once; only the open one is parsed as it grows. */
export const TextBlock = memo(function TextBlock({ block }: { block: TextBlockData }) {
  return <Markdown text={block.text} id={block.id} isFinal={block.isClosed} />;
});
