import { Check, Copy, Pencil, RotateCcw } from "lucide-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { draftOf } from "@/composer/message";
import { focusPrompt } from "@/composer/prompt-box";
import { useDraft, useOutbox } from "@/composer/use-outbox";
import { useReportedFailure } from "@/composer/use-reported-failure";
import { ApiError } from "@/connection/errors";
import { useActions, useTurn } from "@/connection/hooks";
import { refreshTurn } from "@/conversations/queries";
import type { Subtask } from "@/protocol/wire";
import { plainOutput } from "@/stream/ansi";
import { answerText } from "@/stream/plain-text";
import type { Transcript } from "@/transcript/blocks";
import { Button, copyText, IconButton, toast } from "@/ui";

/** Where the device is away, the message box offers the ways that are left. */
const AWAY: readonly string[] = ["device_offline", "no_cloud"];

/** A turn that is over: copy its answer, run it again, change it and send it again. */
export function SettledActions({ turn }: { turn: Subtask }) {
  const { transcript, state } = useTurn(turn.subtask_id);
  const hasFailed = (state ?? turn.state) === "failed";
  const text = outputText(transcript);
  return (
    <div className="-ml-2 flex flex-wrap items-center gap-0.5">
      {text !== "" && <CopyAnswer text={text} />}
      <Retry turn={turn} isProminent={hasFailed} />
      <Edit turn={turn} />
    </div>
  );
}

/** The model's words; of a process what it wrote. */
function outputText(transcript: Transcript): string {
  const answer = answerText(transcript);
  if (answer !== "") return answer;
  const pieces = transcript.blocks.flatMap((block) => (block.kind === "terminal" ? block.pieces : []));
  return plainOutput(pieces.map((piece) => piece.text).join("")).trimEnd();
}

function CopyAnswer({ text }: { text: string }) {
  const { t } = useTranslation("chat");
  const [isCopied, setIsCopied] = useState(false);
  const copy = async (): Promise<void> => {
    if (!(await copyText(text))) {
      toast(t("turn.notCopied"), { kind: "bad" });
      return;
    }
    setIsCopied(true);
    setTimeout(() => setIsCopied(false), 2000);
  };
  return (
    <IconButton
      size="sm"
      label={isCopied ? t("turn.copied") : t("turn.copy")}
      icon={isCopied ? <Check className="text-good size-4" /> : <Copy className="size-4" />}
      onClick={() => void copy()}
    />
  );
}

function Retry({ turn, isProminent }: { turn: Subtask; isProminent: boolean }) {
  const { t } = useTranslation("chat");
  const actions = useActions();
  const outbox = useOutbox();
  const report = useReportedFailure();
  const [isBusy, setIsBusy] = useState(false);
  const again = (): void => {
    setIsBusy(true);
    const repeated = actions.retry(turn.subtask_id).then(refreshTurn, (error: unknown) => {
      if (!(error instanceof ApiError) || !AWAY.includes(error.code)) throw error;
      outbox.giveBack(turn.task_id, draftOf(turn), error);
      focusPrompt();
    });
    report(repeated)
      .catch(() => undefined)
      .finally(() => setIsBusy(false));
  };
  const icon = <RotateCcw className="size-4" />;
  if (!isProminent) {
    return <IconButton size="sm" label={t("turn.retry")} icon={icon} disabled={isBusy} onClick={again} />;
  }
  return (
    <Button size="sm" icon={icon} isBusy={isBusy} onClick={again} className="mx-1.5">
      {t("turn.retry")}
    </Button>
  );
}

function Edit({ turn }: { turn: Subtask }) {
  const { t } = useTranslation("chat");
  const [draft, change] = useDraft(turn.task_id);
  const edit = (): void => {
    const again = draftOf(turn);
    change({ ...again, text: draft.text.trim() === "" ? again.text : `${again.text}\n\n${draft.text}` });
    if (Array.isArray(turn.options?.["files"]) && turn.options["files"].length > 0) toast(t("turn.filesAgain"));
    requestAnimationFrame(focusPrompt);
  };
  return <IconButton size="sm" label={t("turn.edit")} icon={<Pencil className="size-4" />} onClick={edit} />;
}
