/**
 * What a screen reader says of the turn that runs: how it stands, finished paragraphs, and questions at once.
 *
 * Never a piece of a word: text is told when its paragraph is finished, and only what came while somebody listens.
 */
import { useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import type { Turn } from "@/connection/hooks";
import type { State } from "@/protocol/wire";
import { plainText } from "@/stream/plain-text";
import { toolSummary, toolTitle } from "@/stream/tool-facts";
import type { ApprovalState, Block } from "@/transcript/blocks";

const LONGEST = 600;

interface AnnouncerProps {
  subtaskId: string;
  known: Turn | null;
  state: State;
}

export function Announcer({ subtaskId, known, state }: AnnouncerProps) {
  const standing = useStanding(subtaskId, known, state);
  const paragraph = useFinishedText(subtaskId, known);
  const question = useQuestion(known, state);
  return (
    <div className="sr-only">
      <p aria-live="polite" data-testid="stream-status">
        {standing}
      </p>
      <p aria-live="polite">{paragraph}</p>
      <p aria-live="assertive" data-testid="stream-question">
        {question}
      </p>
    </div>
  );
}

/** The state in words, from its first change on: what was so when the page opened is read, not announced. */
function useStanding(subtaskId: string, known: Turn | null, state: State): string {
  const { t } = useTranslation("stream");
  const began = useRef({ subtaskId, state });
  const [hasChanged, setChanged] = useState(false);
  useEffect(() => {
    if (began.current.subtaskId !== subtaskId || began.current.state !== state) setChanged(true);
  }, [subtaskId, state]);
  if (!hasChanged) return "";
  const reason = known?.done?.error?.message;
  return state === "failed" && reason ? t("outcome.failedBecause", { reason }) : t(`state.${state}`);
}

/** The paragraphs finished since the last time, joined. */
function useFinishedText(subtaskId: string, known: Turn | null): string {
  const told = useRef<{ subtaskId: string; count: number } | null>(null);
  const [text, setText] = useState("");
  useEffect(() => {
    if (!known?.isCaughtUp) return;
    const { blocks } = known.transcript;
    const count = finishedCount(blocks, known.done !== null);
    const before = told.current?.subtaskId === subtaskId ? told.current.count : count;
    told.current = { subtaskId, count };
    const fresh = blocks.slice(before, count).flatMap((block) => (block.kind === "text" ? [block.text] : []));
    if (fresh.length > 0) setText(plainText(fresh.join("\n\n")).slice(0, LONGEST));
  }, [subtaskId, known]);
  return text;
}

/** How many of the first blocks will not change any more. */
function finishedCount(blocks: readonly Block[], isDone: boolean): number {
  const last = blocks.at(-1);
  const isOpen = !isDone && last !== undefined && (last.kind !== "text" || !last.isClosed);
  return blocks.length - (isOpen ? 1 : 0);
}

function useQuestion(known: Turn | null, state: State): string {
  const { t } = useTranslation("stream");
  const isOpen = state === "running" && known?.done === null;
  const asked = isOpen ? openQuestion(known.transcript.blocks)?.asked : undefined;
  if (!asked) return "";
  return t("approval.announced", { tool: toolTitle(asked.tool), summary: toolSummary(asked.tool, asked.input) });
}

/** The newest question without an answer; it is near the end, since the turn waits for it. */
function openQuestion(blocks: readonly Block[]): ApprovalState | null {
  for (const block of blocks.slice(-50).reverse()) {
    if (block.kind === "approval" && block.done === null) return block;
    if (block.kind === "tool" && block.approval?.done === null) return block.approval;
  }
  return null;
}
