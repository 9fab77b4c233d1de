/** The answers to a question; a denial can carry a word to the model. */
import { type SyntheticEvent, use, useEffect, useId, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { ApiError } from "@/connection/rest";
import { type Approval, CHOICES } from "@/protocol/wire";
import { useKept } from "@/stream/memory";
import { toolTitle } from "@/stream/tool-facts";
import { TurnContext } from "@/stream/turn-context";
import { Button } from "@/ui";

const MOST = 16_384;

type Send = (choice: string, message?: string) => Promise<void>;

export function ApprovalButtons({ approval }: { approval: Approval }) {
  const { t } = useTranslation("stream");
  const [isDenying, setDenying] = useKept(`denying/${approval.id}`, false);
  const { sent, problem, send } = useSending(approval.id);
  const choices = approval.choices?.length ? approval.choices : CHOICES;
  return (
    <div className="p-3">
      {isDenying ? (
        <DenialForm approvalId={approval.id} sent={sent} send={send} onBack={() => setDenying(false)} />
      ) : (
        <div className="flex flex-wrap gap-2">
          {choices.map((choice) => (
            <Button
              key={choice}
              size="sm"
              variant={choice === "allow" ? "primary" : choice === "deny" ? "danger" : "secondary"}
              className="max-sm:flex-1"
              isBusy={sent === choice}
              disabled={sent !== null}
              onClick={() => (choice === "deny" ? setDenying(true) : void send(choice))}
            >
              {isKnown(choice) ? t(`approval.choice.${choice}`) : choice}
            </Button>
          ))}
        </div>
      )}
      {!isDenying && choices.includes("allow_task") && (
        <p className="text-ink-soft mt-2 text-xs">{t("approval.scope", { tool: toolTitle(approval.tool) })}</p>
      )}
      {problem && (
        <p role="alert" className="text-bad mt-2 text-sm">
          {problem}
        </p>
      )}
    </div>
  );
}

function isKnown(choice: string): boolean {
  return (CHOICES as readonly string[]).includes(choice);
}

/** Send at most one answer. It stays "sent" until the answer comes back with the stream, which then takes the buttons away. */
function useSending(approvalId: string): { sent: string | null; problem: string; send: Send } {
  const { t } = useTranslation("stream");
  const { subtaskId, onAnswer } = use(TurnContext);
  const [sent, setSent] = useState<string | null>(null);
  const [problem, setProblem] = useState("");
  const send: Send = async (choice, message) => {
    if (sent !== null) return;
    setSent(choice);
    setProblem("");
    try {
      await onAnswer(subtaskId, approvalId, choice, message);
    } catch (error) {
      setSent(null);
      if (!(error instanceof ApiError)) throw error;
      const isLate = error.code === "already_answered" || error.code === "settled";
      setProblem(isLate ? t("approval.tooLate") : `${error.message} ${error.hint}`.trim());
    }
  };
  return { sent, problem, send };
}

interface DenialProps {
  approvalId: string;
  sent: string | null;
  send: Send;
  onBack: () => void;
}

function DenialForm({ approvalId, sent, send, onBack }: DenialProps) {
  const { t } = useTranslation("stream");
  const [message, setMessage] = useKept(`denial/${approvalId}`, "");
  const id = useId();
  const field = useRef<HTMLTextAreaElement>(null);
  useEffect(() => field.current?.focus({ preventScroll: true }), []);
  const deny = (event?: SyntheticEvent) => {
    event?.preventDefault();
    void send("deny", message.trim() || undefined);
  };
  return (
    <form onSubmit={deny} className="space-y-2">
      <label htmlFor={id} className="text-ink block text-sm font-medium">
        {t("approval.why")}
      </label>
      <textarea
        ref={field}
        id={id}
        rows={2}
        maxLength={MOST}
        value={message}
        disabled={sent !== null}
        placeholder={t("approval.whyExample")}
        onChange={(event) => setMessage(event.target.value)}
        onKeyDown={(event) => {
          if (event.nativeEvent.isComposing) return;
          if (event.key === "Escape") onBack();
          if (event.key === "Enter" && !event.shiftKey) deny(event);
        }}
        className="border-line-strong bg-canvas text-ink placeholder:text-ink-soft block w-full resize-y rounded-lg border px-3 py-2 text-base md:text-sm"
      />
      <div className="flex flex-wrap gap-2">
        <Button type="submit" size="sm" variant="danger" isBusy={sent === "deny"} disabled={sent !== null}>
          {t("approval.choice.deny")}
        </Button>
        <Button size="sm" variant="ghost" disabled={sent !== null} onClick={onBack}>
          {t("approval.back")}
        </Button>
      </div>
    </form>
  );
}
