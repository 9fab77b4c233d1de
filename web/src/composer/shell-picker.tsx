import { NotebookText, Sparkles, SquareTerminal, Terminal } from "lucide-react";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { Menu, MenuChoices, MenuLabel } from "@/ui";
import { ChoiceButton } from "./choice-button";

const ICONS: Record<string, ReactNode> = {
  ClaudeCode: <Sparkles className="size-4" />,
  Command: <Terminal className="size-4" />,
  Notebook: <NotebookText className="size-4" />,
};
const OTHER = <SquareTerminal className="size-4" />;

/** Chooses what runs the message, where a device offers several things. */
export function ShellPicker(props: {
  shells: readonly string[];
  value: string;
  onChange: (shell: string) => void;
}) {
  const { t } = useTranslation("chat");
  const about = (shell: string): string => t([`shell.${shell}`, "shell.other"]);
  return (
    <Menu
      side="top"
      className="w-72"
      trigger={
        <ChoiceButton
          label={t("composer.shell", { shell: props.value })}
          icon={ICONS[props.value] ?? OTHER}
          word={props.value}
          isWordHidden
        />
      }
    >
      <MenuLabel>{t("composer.shellTitle")}</MenuLabel>
      <MenuChoices
        value={props.value}
        onChange={props.onChange}
        choices={props.shells.map((shell) => ({
          value: shell,
          label: (
            <span className="flex items-center gap-2.5">
              <span aria-hidden="true" className="text-ink-soft">
                {ICONS[shell] ?? OTHER}
              </span>
              <span className="flex min-w-0 flex-col">
                <span>{shell}</span>
                <span className="text-ink-soft truncate text-xs">{about(shell)}</span>
              </span>
            </span>
          ),
        }))}
      />
    </Menu>
  );
}
