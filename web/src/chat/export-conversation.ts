import { get } from "@/connection/rest";
import type { RawEvent, Subtask } from "@/protocol/wire";
import { exportMarkdown, type ExportWords } from "@/stream/export";
import type { Transcript } from "@/transcript/blocks";
import { EMPTY, reduce } from "@/transcript/reducer";

/** What `GET /subtasks/{id}/events` gives as JSON. */
interface Events {
  readonly items: readonly { readonly seq: number; readonly events: readonly RawEvent[] }[];
  /** What to ask for next; absent where this was all. */
  readonly next?: number | string | null;
}

/** Read a conversation's whole output and hand it to the browser as a Markdown file. */
export async function exportConversation(
  title: string,
  turns: readonly Subtask[],
  words: ExportWords,
): Promise<void> {
  const exported = [];
  for (const turn of turns) exported.push({ turn, transcript: await readTranscript(turn.subtask_id) });
  download(`${fileName(title)}.md`, exportMarkdown(title, exported, words));
}

async function readTranscript(subtaskId: string): Promise<Transcript> {
  let transcript = EMPTY;
  for (;;) {
    const path = `/subtasks/${encodeURIComponent(subtaskId)}/events`;
    const { items, next } = await get<Events>(path, { after: transcript.seq });
    for (const { seq, events } of items) transcript = reduce(transcript, events, seq);
    if (next === undefined || next === null) return transcript;
  }
}

function download(name: string, text: string): void {
  const address = URL.createObjectURL(new Blob([text], { type: "text/markdown" }));
  const link = document.createElement("a");
  link.href = address;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), 60_000);
}

/** A title as a file may be called on every system. */
export function fileName(title: string): string {
  const safe = title
    .replace(/[\p{Cc}\\/:*?"<>|]+/gu, " ")
    .replace(/\s+/g, " ")
    .replace(/^[ .]+|[ .]+$/g, "");
  return Array.from(safe).slice(0, 80).join("").trim() || "conversation";
}
