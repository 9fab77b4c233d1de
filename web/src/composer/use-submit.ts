import { useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { ApiError } from "@/connection/errors";
import { useActions } from "@/connection/hooks";
import type { Subtask } from "@/protocol/wire";
import { toast } from "@/ui";
import { NEW } from "./drafts";
import { messageOf } from "./message";
import type { Delivered } from "./outbox";
import { promptProblem } from "./prompt";
import type { Choices } from "./use-choices";
import { useOutbox } from "./use-outbox";

export interface Submission {
  /** Queue the message as a turn, maybe in another way than chosen. */
  send(way?: { deviceId?: string; isWaiting?: boolean }): Promise<void>;
  /** Hand the message to the running turn. */
  followUp(active: Subtask): Promise<void>;
  /** A follow-up is on its way. */
  isFollowingUp: boolean;
  /** Why the follow-up was not taken. */
  error: ApiError | null;
  dismiss(): void;
}

/** What comes too late for the running turn becomes the next one. */
const TOO_LATE: readonly string[] = ["settled", "conflict"];

/** Sends a conversation's draft. What a reload interrupted is sent again at once. */
export function useSubmit(
  conversation: string,
  choices: Choices,
  onSent: (delivered: Delivered) => void,
): Submission {
  const { t } = useTranslation("chat");
  const outbox = useOutbox();
  const actions = useActions();
  const [isFollowingUp, setIsFollowingUp] = useState(false);
  const [error, setError] = useState<ApiError | null>(null);
  const isShown = useShown(conversation);

  const told = (delivered: Delivered | null): void => {
    if (delivered !== null && isShown(conversation)) onSent(delivered);
  };
  const latest = useRef({ actions, told });
  useEffect(() => {
    latest.current = { actions, told };
  });
  useEffect(() => {
    void outbox
      .resume(conversation, (message) => latest.current.actions.send(message))
      .then((delivered) => latest.current.told(delivered));
  }, [outbox, conversation]);

  const send: Submission["send"] = async (way) => {
    const draft = outbox.drafts.get(conversation);
    if (promptProblem(draft.text) !== null) return;
    setError(null);
    const message = messageOf(draft, choices, conversation === NEW ? null : conversation, way);
    told(await outbox.send(conversation, message, (whole) => actions.send(whole)));
  };

  const followUp = async (active: Subtask): Promise<void> => {
    const { text } = outbox.drafts.get(conversation);
    if (promptProblem(text) !== null || isFollowingUp) return;
    setIsFollowingUp(true);
    setError(null);
    try {
      await actions.followUp(active.subtask_id, text);
      if (outbox.drafts.get(conversation).text === text) outbox.drafts.change(conversation, { text: "" });
    } catch (refusal) {
      if (!(refusal instanceof ApiError)) throw refusal;
      if (!TOO_LATE.includes(refusal.code)) setError(refusal);
      else {
        toast(t("send.tooLate"));
        await send();
      }
    } finally {
      setIsFollowingUp(false);
    }
  };
  return { send, followUp, isFollowingUp, error, dismiss: () => setError(null) };
}

/** Says whether a conversation is still the one that is shown, when an answer comes later. */
function useShown(conversation: string): (asked: string) => boolean {
  const shown = useRef<string | null>(conversation);
  useEffect(() => {
    shown.current = conversation;
    return () => {
      shown.current = null;
    };
  }, [conversation]);
  return (asked) => shown.current === asked;
}
