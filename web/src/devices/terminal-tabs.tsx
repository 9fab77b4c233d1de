import { Tabs } from "radix-ui";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import type { Terminal } from "./commands";

const TERMINALS: readonly Terminal[] = ["posix", "powershell"];

interface Props {
  terminal: Terminal;
  onChange: (terminal: Terminal) => void;
  children: ReactNode;
}

/** Commands for one family of shells or the other. */
export function TerminalTabs({ terminal, onChange, children }: Props) {
  const { t } = useTranslation("devices");
  return (
    <Tabs.Root value={terminal} onValueChange={(value) => onChange(value as Terminal)}>
      <Tabs.List
        aria-label={t("add.terminal")}
        className="bg-raised mb-5 inline-flex max-w-full flex-wrap gap-1 rounded-lg p-1"
      >
        {TERMINALS.map((one) => (
          <Tabs.Trigger
            key={one}
            value={one}
            className="text-ink-soft data-[state=active]:bg-surface data-[state=active]:text-ink min-h-8 rounded-md px-2 text-sm data-[state=active]:font-medium data-[state=active]:shadow-sm max-md:min-h-10 sm:px-3"
          >
            {t(`add.${one}`)}
          </Tabs.Trigger>
        ))}
      </Tabs.List>
      {/* One panel for both: what was typed into it stays when the other tab is chosen. */}
      <Tabs.Content value={terminal} className="outline-none">
        {children}
      </Tabs.Content>
    </Tabs.Root>
  );
}
