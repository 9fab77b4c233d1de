import { Monitor, Moon, Sun } from "lucide-react";
import { useTranslation } from "react-i18next";
import { LANGUAGE_NAMES, LANGUAGES, type Language } from "@/i18n/i18n";
import { toast } from "@/ui";
import { useLanguage } from "./language";
import { Section } from "./section";
import { Segments } from "./segments";
import { THEMES, useTheme } from "./theme";

const ICONS = {
  system: <Monitor aria-hidden="true" className="size-4" />,
  light: <Sun aria-hidden="true" className="size-4" />,
  dark: <Moon aria-hidden="true" className="size-4" />,
};

/** How the page looks in this browser. */
export function AppearanceSection() {
  const { t } = useTranslation("settings");
  const { theme, setTheme } = useTheme();
  const { language, setLanguage } = useLanguage();
  const speak = (chosen: Language) => {
    // The words of a language are loaded when they are first wanted, which fails without a network.
    setLanguage(chosen).catch(() => toast(t("appearance.languageFailed"), { kind: "bad" }));
  };
  return (
    <Section id="appearance" title={t("appearance.title")} lead={t("appearance.lead")}>
      <div className="divide-line divide-y">
        <Segments
          label={t("appearance.theme")}
          value={theme}
          onChange={setTheme}
          choices={THEMES.map((one) => ({ value: one, label: t(`appearance.${one}`), icon: ICONS[one] }))}
        />
        <Segments
          label={t("appearance.language")}
          value={language}
          onChange={speak}
          choices={LANGUAGES.map((one) => ({ value: one, label: LANGUAGE_NAMES[one], lang: one }))}
        />
      </div>
    </Section>
  );
}
