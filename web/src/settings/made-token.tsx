import { Check, Copy, TriangleAlert } from "lucide-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { CommandBlock } from "@/devices/command-block";
import { likelyTerminal, tokenCommand } from "@/devices/commands";
import { useCopied } from "@/devices/copied";
import { fullTime } from "@/devices/relative-time";
import { TerminalTabs } from "@/devices/terminal-tabs";
import type { MadeToken as Made } from "@/protocol/wire";
import { Button } from "@/ui";

/** A token that was just made, with what it is used for. It cannot be shown again. */
export function MadeToken({ made, onDone }: { made: Made; onDone: () => void }) {
  const { t, i18n } = useTranslation("settings");
  const { isCopied, copy } = useCopied();
  const Icon = isCopied ? Check : Copy;
  return (
    <div className="grid gap-5 pt-1">
      <p role="alert" className="bg-warn-soft text-warn flex gap-2.5 rounded-lg p-3 text-sm">
        <TriangleAlert aria-hidden="true" className="mt-0.5 size-4 shrink-0" />
        {t("madeToken.warning")}
      </p>
      <div className="grid gap-2">
        <textarea
          readOnly
          rows={4}
          aria-label={t("madeToken.token")}
          value={made.token}
          onFocus={(event) => event.target.select()}
          className="border-line-strong bg-canvas text-ink w-full resize-none rounded-lg border p-3 font-mono text-xs break-all"
        />
        <div className="flex flex-wrap items-center justify-between gap-3">
          <p className="text-ink-soft min-w-0 flex-1 basis-52 text-sm">
            {t("madeToken.expires", { when: fullTime(made.expires_at, i18n.language) })}
          </p>
          <Button variant="primary" icon={<Icon className="size-4" />} onClick={() => copy(made.token)}>
            {t("madeToken.copy")}
          </Button>
        </div>
      </div>
      <Use made={made} />
      <div className="flex justify-end">
        <Button onClick={onDone}>{t("madeToken.done")}</Button>
      </div>
    </div>
  );
}

function Use({ made }: { made: Made }) {
  const { t } = useTranslation("settings");
  const [terminal, setTerminal] = useState(() => likelyTerminal(navigator.userAgent));
  if (!made.scopes.includes("device")) return null;
  return (
    <div className="border-line border-t pt-4">
      <p className="text-ink-soft mb-3 text-sm">{t("madeToken.use")}</p>
      <TerminalTabs terminal={terminal} onChange={setTerminal}>
        <CommandBlock command={tokenCommand(terminal, location.origin, made.token)} />
      </TerminalTabs>
    </div>
  );
}
