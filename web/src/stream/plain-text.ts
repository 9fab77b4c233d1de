/** A turn's answer as text, for the clipboard and for reading aloud. */
import type { Transcript } from "@/transcript/blocks";

/** Return the answer's Markdown as it was written: what somebody who copies it wants to paste. */
export function answerText(transcript: Transcript): string {
  return transcript.blocks
    .flatMap((block) => (block.kind === "text" ? [block.text] : []))
    .map((text) => text.replace(/\n+$/, ""))
    .filter((text) => text.trim() !== "")
    .join("\n\n")
    .trim();
}

/** Return Markdown without its marks. Code keeps its text; fences and links' addresses go. */
export function plainText(markdown: string): string {
  return markdown
    .replace(/^ {0,3}(```|~~~).*$/gm, "")
    .replace(/!\[([^\]]*)\]\([^)]*\)/g, "$1")
    .replace(/\[([^\]]+)\]\([^)]*\)/g, "$1")
    .replace(/^ {0,3}#{1,6}\s+/gm, "")
    .replace(/^ {0,3}>\s?/gm, "")
    .replace(/(\*\*|__|~~)(?=\S)([\s\S]*?\S)\1/g, "$2")
    .replace(/(?<![\w*])\*(?=\S)([^*\n]*\S)\*(?![\w*])/g, "$1")
    .replace(/`([^`\n]+)`/g, "$1")
    .replace(/\n{3,}/g, "\n\n")
    .trim();
}
