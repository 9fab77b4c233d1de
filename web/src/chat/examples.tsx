import { BarChart3, FileSearch, Stethoscope, Terminal } from "lucide-react";
import { useTranslation } from "react-i18next";
import { NEW } from "@/composer/drafts";
import { focusPrompt } from "@/composer/prompt-box";
import type { Choices } from "@/composer/use-choices";
import { useDraft } from "@/composer/use-outbox";

/** What one could ask, by shell: each is sent as it stands, after a look at it. */
const EXAMPLES = {
  ClaudeCode: [
    { name: "explain", Icon: FileSearch },
    { name: "data", Icon: BarChart3 },
    { name: "tests", Icon: Stethoscope },
  ],
  Command: [{ name: "disk", Icon: Terminal }],
} as const;

/** A few honest things to begin with; choosing one puts it into the message box. */
export function Examples({ choices }: { choices: Choices }) {
  const { t } = useTranslation("chat");
  const [, change] = useDraft(NEW);
  const offered = (["ClaudeCode", "Command"] as const).filter((shell) => choices.shells.includes(shell));
  const examples = offered.flatMap((shell) => EXAMPLES[shell].map((example) => ({ ...example, shell })));
  if (examples.length === 0) return null;
  return (
    <ul aria-label={t("new.examples")} className="mt-6 grid gap-2 sm:grid-cols-2">
      {examples.map(({ name, Icon, shell }) => (
        <li key={name}>
          <button
            type="button"
            onClick={() => {
              change({ text: t(`examples.${name}.prompt`), shell });
              requestAnimationFrame(focusPrompt);
            }}
            className="border-line bg-surface hover:bg-raised flex h-full w-full items-start gap-3 rounded-xl border p-4 text-left transition-colors"
          >
            <Icon aria-hidden="true" className="text-accent-text mt-0.5 size-4 shrink-0" />
            <span className="min-w-0">
              <span className="text-ink block text-sm font-medium">{t(`examples.${name}.title`)}</span>
              <span className="text-ink-soft mt-0.5 line-clamp-2 text-sm">{t(`examples.${name}.prompt`)}</span>
            </span>
          </button>
        </li>
      ))}
    </ul>
  );
}
