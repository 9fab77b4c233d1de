import { useId, useState, type SyntheticEvent } from "react";
import { useActions, useSubtaskState } from "@/connection/hooks";
import { isSettled } from "@/connection/standings";
import type { Subtask } from "@/protocol/wire";
import { classes } from "@/ui";
import { AttachButton } from "./attach-button";
import { AttachmentList } from "./attachment-list";
import { ChoiceBar } from "./choice-bar";
import { DropZone } from "./drop-zone";
import { Hint } from "./hint";
import type { Delivered } from "./outbox";
import { promptProblem } from "./prompt";
import { focusPrompt, PromptBox } from "./prompt-box";
import { SendButton, StopButton, type Way } from "./send-controls";
import { SendProblem } from "./send-problem";
import { DEFAULT_SHELL } from "./target";
import { useAttachments } from "./use-attachments";
import { useChoices, type Choices } from "./use-choices";
import { useDraft, useOutbox, useSending } from "./use-outbox";
import { useReportedFailure } from "./use-reported-failure";
import { useSubmit } from "./use-submit";

const WAY = "wegent.send-way";

interface Props {
  /** A task's id, or NEW. */
  conversation: string;
  /** The newest turn. */
  last: Subtask | null;
  /** The turn that runs; where none does, the first that waits. */
  active: Subtask | null;
  placeholder: string;
  onSent: (delivered: Delivered) => void;
}

/** The message box with all that belongs to it: where to send, how, files, sending and stopping. */
export function Composer({ conversation, last, active, placeholder, onSent }: Props) {
  const hint = useId();
  const outbox = useOutbox();
  const [draft, change] = useDraft(conversation);
  const choices = useChoices(conversation, last);
  const attachments = useAttachments(conversation);
  const sending = useSending(conversation);
  const submission = useSubmit(conversation, choices, onSent);
  const { way, isChoosable, setWay } = useWay(active, choices, draft.files.length > 0);
  const { canStop, stop, isStopping } = useStop(active);

  const problem = promptProblem(draft.text);
  const isBusy = sending.message !== null || submission.isFollowingUp;
  const isReady = problem === null && !attachments.isUploading && choices.deviceId !== null && !isBusy;
  const submit = (): void => {
    if (!isReady) return;
    void (way === "now" && active !== null ? submission.followUp(active) : submission.send());
  };
  const error = sending.error ?? submission.error;

  return (
    <form
      aria-busy={isBusy || undefined}
      onSubmit={(event: SyntheticEvent) => {
        event.preventDefault();
        submit();
      }}
    >
      {error !== null && (
        <SendProblem
          error={error}
          choices={choices}
          onSend={(other) => {
            void submission.send(other);
            focusPrompt(); // the button that had the focus goes away
          }}
          onDismiss={() => {
            outbox.dismiss(conversation);
            submission.dismiss();
          }}
        />
      )}
      <div
        className={classes(
          "bg-surface rounded-2xl border shadow-sm transition-colors",
          problem === "tooLong" ? "border-bad" : "border-line focus-within:border-accent",
        )}
      >
        <AttachmentList files={draft.files} attachments={attachments} />
        <PromptBox
          value={draft.text}
          onChange={(text) => change({ text })}
          onSend={submit}
          onFiles={attachments.add}
          placeholder={placeholder}
          isInvalid={problem === "tooLong" || problem === "nul"}
          describedBy={hint}
        />
        <div className="flex flex-wrap items-center gap-1 p-2 pt-1">
          <AttachButton onFiles={attachments.add} />
          <ChoiceBar choices={choices} />
          <div className="flex shrink-0 items-center gap-1.5 max-sm:ml-auto">
            {canStop && <StopButton isStopping={isStopping} onStop={stop} />}
            <SendButton way={way} isChoosable={isChoosable} isDisabled={!isReady} isBusy={isBusy} onWay={setWay} />
          </div>
        </div>
      </div>
      <Hint
        id={hint}
        text={draft.text}
        way={active === null ? null : way}
        choices={choices}
        isUploading={attachments.isUploading}
      />
      <DropZone onFiles={attachments.add} />
    </form>
  );
}

/** How sending works while a turn runs. Claude alone takes more while it works, and words only. */
function useWay(active: Subtask | null, choices: Choices, hasFiles: boolean) {
  const [wanted, setWanted] = useState<Way>(() => (localStorage.getItem(WAY) === "next" ? "next" : "now"));
  const live = useSubtaskState(active?.subtask_id ?? "");
  const isRunning = (live?.state ?? active?.state) === "running";
  const isSame = active !== null && active.device_id === choices.deviceId && active.shell === choices.shell;
  const isChoosable = isSame && active.shell === DEFAULT_SHELL && isRunning && !hasFiles;
  const way: Way = isChoosable ? wanted : "next";
  const setWay = (next: Way): void => {
    localStorage.setItem(WAY, next);
    setWanted(next);
  };
  return { way, isChoosable, setWay };
}

/** What runs is stopped here; what only waits is cancelled where it stands. */
function useStop(active: Subtask | null): { canStop: boolean; stop: () => void; isStopping: boolean } {
  const actions = useActions();
  const report = useReportedFailure();
  const live = useSubtaskState(active?.subtask_id ?? "");
  const [asked, setAsked] = useState<string | null>(null);
  const state = live?.state ?? active?.state;
  const canStop = active !== null && state !== undefined && state !== "queued" && !isSettled(state);
  const stop = (): void => {
    if (active === null) return;
    setAsked(active.subtask_id);
    report(actions.cancel(active.subtask_id)).catch(() => setAsked(null));
  };
  return { canStop, stop, isStopping: state === "cancelling" || asked === active?.subtask_id };
}
