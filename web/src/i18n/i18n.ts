/** The page's words: English and Chinese, one file per room and language; only the language shown is loaded. */
import i18next from "i18next";
import { initReactI18next } from "react-i18next";

export const LANGUAGES = ["en", "zh"] as const;
export type Language = (typeof LANGUAGES)[number];

/** What each language calls itself. */
export const LANGUAGE_NAMES: Record<Language, string> = { en: "English", zh: "简体中文" };

const STORED = "wegent.language";
const HTML_LANG: Record<Language, string> = { en: "en", zh: "zh-CN" };
const WORDS: Record<Language, () => Promise<{ words: Record<string, object> }>> = {
  en: () => import("@/i18n/en"),
  zh: () => import("@/i18n/zh"),
};

/** Load the words of the stored language, else of the browser's. */
export async function startI18n(): Promise<void> {
  const language = preferredLanguage();
  await i18next.use(initReactI18next).init({
    lng: language,
    fallbackLng: false,
    defaultNS: "core",
    resources: { [language]: (await WORDS[language]()).words },
    // React escapes what it shows.
    interpolation: { escapeValue: false },
    returnNull: false,
  });
  document.documentElement.lang = HTML_LANG[language];
}

/** Show the page in another language from now on. */
export async function changeLanguage(language: Language): Promise<void> {
  const { words } = await WORDS[language]();
  for (const [room, texts] of Object.entries(words)) i18next.addResourceBundle(language, room, texts);
  localStorage.setItem(STORED, language);
  document.documentElement.lang = HTML_LANG[language];
  await i18next.changeLanguage(language);
}

/** The language shown now. */
export function currentLanguage(): Language {
  return i18next.language === "zh" ? "zh" : "en";
}

/** The BCP 47 tag for dates and numbers. */
export function currentLocale(): string {
  return HTML_LANG[currentLanguage()];
}

function preferredLanguage(): Language {
  const stored = localStorage.getItem(STORED);
  if (stored === "en" || stored === "zh") return stored;
  const first = navigator.languages.find((tag) => /^(en|zh)\b/i.test(tag)) ?? "en";
  return first.toLowerCase().startsWith("zh") ? "zh" : "en";
}
