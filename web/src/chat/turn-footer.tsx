import { isSettled } from "@/connection/standings";
import type { Subtask } from "@/protocol/wire";
import { SettledActions } from "./settled-actions";
import { UnsettledLine } from "./unsettled-line";
import { useStanding } from "./use-standing";
import { useFollowUps } from "./follow-ups";
import { useTranslation } from "react-i18next";

/** What stands below a turn: how it stands and what can be done with it. */
export function TurnFooter({ turn }: { turn: Subtask }) {
  const standing = useStanding(turn);
  return (
    <div className="flex flex-col gap-3">
      <FollowUps subtaskId={turn.subtask_id} />
      {isSettled(standing.state) ? (
        <SettledActions turn={turn} />
      ) : (
        <UnsettledLine turn={turn} standing={standing} />
      )}
    </div>
  );
}

function FollowUps({ subtaskId }: { subtaskId: string }) {
  const { t } = useTranslation("chat");
  const texts = useFollowUps(subtaskId);
  if (texts.length === 0) return null;
  return (
    <ul aria-label={t("turn.followUps")} className="flex flex-col items-end gap-2">
      {texts.map((text, index) => (
        <li key={index} className="flex max-w-[88%] flex-col items-end gap-1">
          <span className="text-ink-soft text-xs">{t("turn.followUp")}</span>
          <span
            dir="auto"
            className="bg-raised text-ink rounded-2xl rounded-br-md px-4 py-2 text-[15px]/6 break-words whitespace-pre-wrap"
          >
            {text}
          </span>
        </li>
      ))}
    </ul>
  );
}
