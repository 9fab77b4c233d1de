import { LogOut } from "lucide-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useLogout, useUser } from "@/connection/hooks";
import { useFailureText } from "@/devices/failure-text";
import { Badge, Button, toast } from "@/ui";
import { PasswordForm } from "./password-form";
import { Section } from "./section";

/** Who is logged in, and the way out. */
export function AccountSection() {
  const { t } = useTranslation("settings");
  const user = useUser();
  return (
    <Section id="account" title={t("account.title")} lead={t("account.lead")}>
      <div className="divide-line divide-y">
        <div className="flex flex-wrap items-center justify-between gap-x-6 gap-y-3 p-4">
          <p className="flex min-w-0 flex-wrap items-center gap-x-3 gap-y-1 text-sm">
            <span className="text-ink-soft">{t("account.user")}</span>
            <span className="text-ink font-medium [overflow-wrap:anywhere]">{user.name}</span>
            {user.is_admin && <Badge tone="accent">{t("account.admin")}</Badge>}
          </p>
          <Logout />
        </div>
        <PasswordForm userName={user.name} />
      </div>
    </Section>
  );
}

function Logout() {
  const { t } = useTranslation("settings");
  const logout = useLogout();
  const failureText = useFailureText();
  const [isBusy, setBusy] = useState(false);
  const leave = async () => {
    setBusy(true);
    try {
      await logout();
    } catch (error) {
      setBusy(false);
      toast(failureText(error), { kind: "bad" });
    }
  };
  return (
    <Button size="sm" icon={<LogOut className="size-4" />} isBusy={isBusy} onClick={() => void leave()}>
      {t("account.logout")}
    </Button>
  );
}
