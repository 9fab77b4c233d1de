/** What a prompt may be: the limits that the server has too (characters are counted by code points). */

import { MAX_PROMPT } from "@/protocol/wire";

/** Bytes that the prompt may have as a JSON string. */
export const MAX_BYTES = 640 * 1024;

/** Why a text cannot be sent as it is. */
export type PromptProblem = "empty" | "tooLong" | "nul";

/** Say what is wrong with a prompt, or null. */
export function promptProblem(text: string): PromptProblem | null {
  if (text.trim() === "") return "empty";
  if (text.includes("\0")) return "nul";
  // No character takes more than six bytes in JSON: most texts need no counting.
  if (text.length * 6 <= MAX_BYTES) return null;
  return Array.from(text).length > MAX_PROMPT || jsonBytes(text) > MAX_BYTES ? "tooLong" : null;
}

function jsonBytes(text: string): number {
  return new TextEncoder().encode(JSON.stringify(text)).length;
}

/** The part of the limit that is used, from 0 to above 1. */
export function promptFill(text: string): number {
  if (text.length * 6 <= MAX_BYTES) return 0;
  return Math.max(Array.from(text).length / MAX_PROMPT, jsonBytes(text) / MAX_BYTES);
}
