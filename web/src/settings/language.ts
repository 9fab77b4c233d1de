import { useTranslation } from "react-i18next";
import { changeLanguage, currentLanguage, type Language } from "@/i18n/i18n";

/** The language of the page, and how to change it; the change is over when its words are loaded. */
export function useLanguage(): { language: Language; setLanguage: (language: Language) => Promise<void> } {
  useTranslation(); // renders again when the language changes
  return { language: currentLanguage(), setLanguage: changeLanguage };
}
