import { TriangleAlert } from "lucide-react";
import { useState, type ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "wouter";
import { Dialog } from "@/ui";
import { CommandBlock } from "./command-block";
import {
  installCommand,
  isLoopback,
  likelyTerminal,
  loginCommand,
  START_COMMAND,
  tokenCommand,
  type Terminal,
} from "./commands";
import { Pairing } from "./pairing";
import { TerminalTabs } from "./terminal-tabs";

interface Props {
  isOpen: boolean;
  onClose: () => void;
}

/** The exact commands that make a computer a device of this server, and the code's approval beside them. */
export function AddComputer({ isOpen, onClose }: Props) {
  const { t } = useTranslation("devices");
  return (
    <Dialog
      isOpen={isOpen}
      onOpenChange={(open) => !open && onClose()}
      title={t("add.title")}
      description={t("add.lead")}
      size="lg"
    >
      <Steps />
    </Dialog>
  );
}

function Steps() {
  const { t } = useTranslation("devices");
  const [terminal, setTerminal] = useState(() => likelyTerminal(navigator.userAgent));
  return (
    <TerminalTabs terminal={terminal} onChange={setTerminal}>
      {isLoopback(location.hostname) && (
        <p className="bg-warn-soft text-warn mb-5 flex gap-2.5 rounded-lg p-3 text-sm">
          <TriangleAlert aria-hidden="true" className="mt-0.5 size-4 shrink-0" />
          <span className="min-w-0 [overflow-wrap:anywhere]">
            {t("add.loopback", { origin: location.origin })}
          </span>
        </p>
      )}
      <ol className="grid gap-6">
        <Step number={1} title={t("add.install")} note={t("add.installNote")}>
          <CommandBlock command={installCommand(terminal)} />
        </Step>
        <Step number={2} title={t("add.login")}>
          <CommandBlock command={loginCommand(location.origin)} />
          <p className="text-ink-soft text-sm">{t("add.loginNote")}</p>
          <Pairing isStartTold={false} />
        </Step>
        <Step number={3} title={t("add.start")} note={t("add.startNote")}>
          <CommandBlock command={START_COMMAND} />
        </Step>
      </ol>
      <WithToken terminal={terminal} />
    </TerminalTabs>
  );
}

function Step({
  number,
  title,
  note,
  children,
}: {
  number: number;
  title: string;
  note?: string;
  children: ReactNode;
}) {
  return (
    <li className="flex gap-3">
      <span
        aria-hidden="true"
        className="bg-accent-soft text-accent-text flex size-6 shrink-0 items-center justify-center rounded-full text-xs font-semibold"
      >
        {number}
      </span>
      <div className="grid min-w-0 flex-1 gap-2.5">
        <h3 className="text-ink text-sm leading-6 font-medium">{title}</h3>
        {children}
        {note && <p className="text-ink-soft text-sm">{note}</p>}
      </div>
    </li>
  );
}

function WithToken({ terminal }: { terminal: Terminal }) {
  const { t } = useTranslation("devices");
  return (
    <details className="group border-line mt-6 border-t pt-4">
      <summary className="text-ink min-h-8 cursor-pointer rounded-md text-sm leading-8 font-medium">
        {t("add.withToken")}
      </summary>
      <div className="mt-2 grid gap-2.5">
        <p className="text-ink-soft text-sm">
          {t("add.withTokenNote")}{" "}
          <Link href="/settings" className="text-accent-text font-medium underline underline-offset-2">
            {t("add.makeToken")}
          </Link>
        </p>
        <CommandBlock command={tokenCommand(terminal, location.origin, "…")} />
      </div>
    </details>
  );
}
