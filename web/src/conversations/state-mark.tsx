import { CircleAlert, Clock, Hand } from "lucide-react";
import { useTranslation } from "react-i18next";
import { Spinner } from "@/ui";
import type { Mark } from "./state-of";

/** What goes on in a conversation, as a sign with its word for those who do not see it. */
export function StateMark({ mark }: { mark: Mark }) {
  const { t } = useTranslation("chat");
  if (mark === null) return null;
  const word = t(`mark.${mark}`);
  return (
    <span className="inline-flex size-4 shrink-0 items-center justify-center" title={word}>
      <Sign mark={mark} />
      <span className="sr-only">{word}</span>
    </span>
  );
}

function Sign({ mark }: { mark: Exclude<Mark, null> }) {
  switch (mark) {
    case "running":
      return <Spinner className="text-accent-text size-3.5" />;
    case "asking":
      return <Hand aria-hidden="true" className="text-warn size-4" />;
    case "queued":
      return <Clock aria-hidden="true" className="text-ink-soft size-3.5" />;
    case "failed":
      return <CircleAlert aria-hidden="true" className="text-bad size-4" />;
    case "unread":
      return <span aria-hidden="true" className="bg-accent size-2 rounded-full" />;
  }
}
