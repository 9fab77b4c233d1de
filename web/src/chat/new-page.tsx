import { MonitorUp } from "lucide-react";
import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { Link, useLocation } from "wouter";
import { Composer } from "@/composer/composer";
import { EMPTY, NEW } from "@/composer/drafts";
import type { Delivered } from "@/composer/outbox";
import { focusPrompt } from "@/composer/prompt-box";
import { useChoices } from "@/composer/use-choices";
import { useOutbox } from "@/composer/use-outbox";
import { useUser } from "@/connection/hooks";
import { Examples } from "./examples";
import { SendingPrompt } from "./sending-prompt";

/** A conversation that does not exist yet: what could be asked, and the box to ask it in. */
export function NewPage() {
  const { t } = useTranslation("chat");
  const { name } = useUser();
  const [, navigate] = useLocation();
  useForgottenChoices();
  useFocusOnOpening();
  const onSent = ({ sent }: Delivered): void => navigate(`/c/${sent.task_id}`, { state: { isSent: true } });
  return (
    <div className="flex h-full min-h-0 flex-col">
      <div className="flex min-h-0 flex-1 flex-col overflow-y-auto">
        <div className="mx-auto flex w-full max-w-3xl flex-1 flex-col justify-center px-4 py-8 md:px-6">
          <h1
            tabIndex={-1}
            className="text-ink text-2xl font-semibold tracking-tight text-balance outline-none md:text-3xl"
          >
            {t("new.title", { name })}
          </h1>
          <Lead />
        </div>
      </div>
      <SendingPrompt conversation={NEW} />
      <div className="mx-auto w-full max-w-3xl px-3 pb-[max(0.5rem,env(safe-area-inset-bottom))] md:px-6">
        <Composer
          conversation={NEW}
          last={null}
          active={null}
          placeholder={t("composer.placeholder")}
          onSent={onSent}
        />
      </div>
    </div>
  );
}

/** What this is for; where there is no computer yet, how to get one. */
function Lead() {
  const { t } = useTranslation("chat");
  const choices = useChoices(NEW, null);
  if (choices.deviceId === null && choices.isKnown) {
    return (
      <div className="border-line bg-surface mt-6 flex flex-col items-start gap-3 rounded-xl border p-5">
        <p className="text-ink font-medium">{t("new.noDevice")}</p>
        <p className="text-ink-soft text-sm">{t("new.noDeviceText")}</p>
        <Link
          href="/devices?add"
          className="bg-accent text-accent-ink inline-flex min-h-10 items-center gap-2 rounded-lg px-4 text-sm font-medium hover:opacity-90"
        >
          <MonitorUp aria-hidden="true" className="size-4" />
          {t("composer.addComputer")}
        </Link>
      </div>
    );
  }
  return (
    <>
      <p className="text-ink-soft mt-2 text-base">{t("new.lead")}</p>
      <Examples choices={choices} />
    </>
  );
}

/** Choices without a text are forgotten: a new conversation begins with the default device. */
function useForgottenChoices(): void {
  const { drafts } = useOutbox();
  useState(() => {
    const { text, files } = drafts.get(NEW);
    if (text.trim() === "" && files.length === 0 && drafts.get(NEW).deviceId !== null) drafts.clear(NEW);
    return EMPTY;
  });
}

/** With a keyboard one writes at once; on a touch screen its keyboard would cover the page. */
function useFocusOnOpening(): void {
  useEffect(() => {
    if (matchMedia("(pointer: coarse)").matches) return;
    const frame = requestAnimationFrame(focusPrompt);
    return () => cancelAnimationFrame(frame);
  }, []);
}
