/** How a turn ended: why it failed and what to do next, that it was stopped, or what it took. */
import { Ban, CircleAlert } from "lucide-react";
import { memo } from "react";
import { useTranslation } from "react-i18next";
import type { Turn } from "@/connection/hooks";
import type { State, Subtask, TaskError } from "@/protocol/wire";
import { useErrorText } from "@/i18n/use-error-text";
import { isSettled } from "@/stream/rows";
import { UsageLine } from "@/stream/usage-line";

interface TurnOutcomeProps {
  turn: Subtask;
  known: Turn | null;
  state: State;
}

export const TurnOutcome = memo(function TurnOutcome({ turn, known, state }: TurnOutcomeProps) {
  const { t } = useTranslation("stream");
  const error = known?.done?.error ?? turn.error;
  const usage = known?.transcript.usage ?? null;
  return (
    <>
      {state === "failed" && <Failure error={error} />}
      {state === "cancelled" && (
        <p className="text-ink-soft flex items-center gap-2 text-sm">
          <Ban aria-hidden className="size-4 shrink-0" />
          {t("outcome.cancelled")}
        </p>
      )}
      {known?.error && <Failure error={known.error} />}
      {isSettled(state) && <UsageLine usage={usage} turn={turn} />}
    </>
  );
});

function Failure({ error }: { error: TaskError | null }) {
  const { t } = useTranslation("stream");
  const { title, detail, hint } = useWords(error);
  return (
    <div
      role="group"
      aria-label={t("outcome.failed")}
      className="bg-bad-soft flex gap-3 rounded-xl px-4 py-3 text-sm"
    >
      <CircleAlert aria-hidden className="text-bad mt-0.5 size-4 shrink-0" />
      <div className="min-w-0 space-y-1">
        <p className="text-bad font-medium break-words whitespace-pre-wrap">
          {title ? t("outcome.failedBecause", { reason: title }) : t("outcome.failed")}
        </p>
        {detail && <p className="text-ink break-words whitespace-pre-wrap">{detail}</p>}
        {hint && <p className="text-ink-soft break-words">{hint}</p>}
      </div>
    </div>
  );
}

/** The server says it in English and in detail; in other languages the code's own words come first. */
function useWords(error: TaskError | null): { title: string; detail: string; hint: string } {
  const { i18n } = useTranslation();
  const words = useErrorText();
  if (!error) return { title: "", detail: "", hint: "" };
  const { text, detail } = words(error);
  if (i18n.language !== "en") return { title: text, detail, hint: "" };
  // What a shell says when it fails ends with what to do: the code's own hint would only repeat it.
  const hint = error.code === "shell_failed" && error.message ? "" : (error.hint ?? "");
  return { title: error.message || text, detail: "", hint };
}
