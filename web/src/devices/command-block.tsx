import { Check, Copy } from "lucide-react";
import { useTranslation } from "react-i18next";
import { IconButton } from "@/ui";
import { useCopied } from "./copied";

/** Commands to be typed into a terminal, with a button that copies them. */
export function CommandBlock({ command }: { command: string }) {
  const { t } = useTranslation("devices");
  const { isCopied, copy } = useCopied();
  return (
    <div className="bg-terminal text-terminal-ink flex items-start gap-1 rounded-lg p-1 pl-3">
      <pre className="min-w-0 flex-1 py-1.5 font-mono text-sm leading-5 [overflow-wrap:anywhere] whitespace-pre-wrap">
        {command}
      </pre>
      <IconButton
        size="sm"
        label={isCopied ? t("copied") : t("copyCommand", { command })}
        icon={isCopied ? <Check className="size-4" /> : <Copy className="size-4" />}
        className="text-terminal-ink hover:text-terminal-ink hover:bg-white/10"
        onClick={() => copy(command)}
      />
    </div>
  );
}
