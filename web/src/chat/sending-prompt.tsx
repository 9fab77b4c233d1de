import { useTranslation } from "react-i18next";
import { useSending } from "@/composer/use-outbox";
import { Spinner } from "@/ui";

/** The message that is on its way to the server, shown until its turn stands in the conversation. */
export function SendingPrompt({ conversation }: { conversation: string }) {
  const { t } = useTranslation("chat");
  const { message } = useSending(conversation);
  if (message === null) return null;
  return (
    <div className="mx-auto flex w-full max-w-3xl flex-col items-end gap-1.5 px-4 pb-4 md:px-6">
      <p
        dir="auto"
        className="bg-raised text-ink line-clamp-6 max-w-[88%] rounded-2xl rounded-br-md px-4 py-2.5 text-[15px]/6 break-words whitespace-pre-wrap opacity-80"
      >
        {message.prompt}
      </p>
      <Spinner label={t("send.sending")} />
    </div>
  );
}
