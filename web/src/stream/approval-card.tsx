/** A question that a person must answer before the work goes on, and how it was answered. */
import { Check, Hand, Slash, X } from "lucide-react";
import { memo, use, useEffect, useRef } from "react";
import { useTranslation } from "react-i18next";
import { ApprovalButtons } from "@/stream/approval-buttons";
import { toolTitle } from "@/stream/tool-facts";
import { ToolInput } from "@/stream/tool-input";
import { TurnContext } from "@/stream/turn-context";
import type { ApprovalState } from "@/transcript/blocks";
import { classes } from "@/ui";

interface ApprovalCardProps {
  approval: ApprovalState;
  /** It stands inside of a tool's card, so it needs no frame of its own. */
  isPart?: boolean;
}

export const ApprovalCard = memo(function ApprovalCard({ approval, isPart = false }: ApprovalCardProps) {
  const { isOver } = use(TurnContext);
  const isOpen = approval.done === null && !isOver;
  const card = useRef<HTMLDivElement>(null);
  const hadFocus = useRef(false);
  useEffect(() => {
    // The buttons are gone once it is answered; whoever was on one of them stays where they were.
    if (!isOpen && hadFocus.current) card.current?.focus({ preventScroll: true });
    hadFocus.current = false;
  }, [isOpen]);
  return (
    <div
      ref={card}
      tabIndex={-1}
      onFocus={() => (hadFocus.current = isOpen)}
      onBlur={(event) => {
        // Focus that leaves because its button went away has nowhere to go.
        if (event.relatedTarget !== null) hadFocus.current = false;
      }}
      className={classes(
        isPart ? "border-line border-t" : "bg-surface overflow-hidden rounded-xl border",
        !isPart && (isOpen ? "border-warn/60" : "border-line"),
      )}
    >
      {isOpen ? <Question approval={approval} /> : <Answered approval={approval} />}
    </div>
  );
});

function Question({ approval }: { approval: ApprovalState }) {
  const { t } = useTranslation("stream");
  const { asked } = approval;
  return (
    <section aria-label={t("approval.title", { tool: toolTitle(asked.tool) })}>
      <div className="bg-warn-soft text-warn flex items-center gap-2.5 px-4 py-2.5">
        <Hand aria-hidden className="size-4 shrink-0" />
        <p className="text-sm font-medium">{t("approval.title", { tool: toolTitle(asked.tool) })}</p>
      </div>
      <ToolInput name={asked.tool} input={asked.input} />
      {asked.reason && <p className="text-ink-soft px-4 pt-2 text-sm break-words">{asked.reason}</p>}
      <ApprovalButtons approval={asked} />
    </section>
  );
}

/** One line: what was decided, and by whom. */
function Answered({ approval }: { approval: ApprovalState }) {
  const { t } = useTranslation("stream");
  const { asked, done } = approval;
  const isDenied = done?.choice === "deny";
  const Icon = done === null ? Slash : isDenied ? X : Check;
  const words = () => {
    if (done === null) return t("approval.unanswered");
    if (done.reason === "expired") return t("approval.expired");
    const known = ["allow", "allow_task", "deny"].includes(done.choice);
    return known
      ? t(`approval.done.${done.choice}`, { by: done.by })
      : t("approval.done.other", { by: done.by, choice: done.choice });
  };
  return (
    <p className="text-ink-soft flex min-h-9 items-center gap-2 px-3 py-1.5 text-xs">
      <Icon
        aria-hidden
        className={classes("size-3.5 shrink-0", done !== null && (isDenied ? "text-bad" : "text-good"))}
      />
      <span className="sr-only">{toolTitle(asked.tool)}: </span>
      <span className="min-w-0 break-words">{words()}</span>
    </p>
  );
}
