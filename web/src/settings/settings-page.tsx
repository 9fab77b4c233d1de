import { useTranslation } from "react-i18next";
import { AccountSection } from "./account-section";
import { AppearanceSection } from "./appearance-section";
import { NotificationsSection } from "./notifications-section";
import { TokensSection } from "./tokens-section";

/** API tokens, the account, and what this browser remembers. */
export default function SettingsPage() {
  const { t } = useTranslation("settings");
  return (
    <div className="mx-auto w-full max-w-3xl px-4 py-8 md:px-8 md:py-10">
      <h1 tabIndex={-1} className="text-ink text-2xl font-semibold tracking-tight outline-none">
        {t("title")}
      </h1>
      <p className="text-ink-soft mt-1 text-sm">{t("lead")}</p>
      <div className="mt-8 grid grid-cols-1 gap-10">
        <TokensSection />
        <AccountSection />
        <AppearanceSection />
        <NotificationsSection />
      </div>
    </div>
  );
}
