import { Menu as MenuIcon, SquarePen } from "lucide-react";
import { useTranslation } from "react-i18next";
import { useLocation } from "wouter";
import { Logo } from "@/shell/logo";
import { IconButton } from "@/ui";

/** What stands above the page on a phone. */
export function TopBar({ onMenu }: { onMenu: () => void }) {
  const { t } = useTranslation("core");
  const [, navigate] = useLocation();
  return (
    <header className="border-line bg-surface flex h-13 shrink-0 items-center justify-between border-b px-1.5">
      <IconButton label={t("nav.open")} icon={<MenuIcon className="size-5" />} onClick={onMenu} />
      <Logo />
      <IconButton
        label={t("nav.newConversation")}
        icon={<SquarePen className="size-5" />}
        onClick={() => navigate("/")}
      />
    </header>
  );
}
