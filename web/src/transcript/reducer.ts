/** The transcript as a pure function of the events. */
import type { Transcript } from "@/transcript/blocks";
import { EMPTY, TranscriptBuilder } from "@/transcript/builder";
import { Receiver } from "@/transcript/receiver";
import type { RawEvent } from "@/protocol/wire";

export { EMPTY };

/**
 * Return the transcript that follows when `events` come, the first of them numbered `firstSeq`. What is known already is
 * skipped, blocks that do not change stay the same objects, and `GapError` is thrown if events before are missing.
 */
export function reduce(transcript: Transcript, events: readonly RawEvent[], firstSeq: number): Transcript {
  const fresh = new Receiver(transcript.seq).ingest(firstSeq, events);
  if (fresh.length === 0) return transcript;
  const builder = new TranscriptBuilder(transcript);
  builder.append(fresh);
  return builder.transcript;
}
