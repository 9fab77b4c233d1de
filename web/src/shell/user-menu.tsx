import { ChevronsUpDown, LogOut } from "lucide-react";
import { useTranslation } from "react-i18next";
import { useLogout, useUser } from "@/connection/hooks";
import { useErrorText } from "@/i18n/use-error-text";
import { Menu, MenuItem, toast } from "@/ui";

/** Who is logged in, and the way out. */
export function UserMenu({ onNavigate }: { onNavigate?: () => void }) {
  const { t } = useTranslation("core");
  const { name } = useUser();
  const logout = useLogout();
  const errorText = useErrorText();
  const leave = (): void => {
    onNavigate?.();
    logout().catch((error: unknown) => toast(errorText(error).text, { kind: "bad" }));
  };
  const trigger = (
    <button
      type="button"
      className="text-ink-soft hover:bg-raised hover:text-ink flex min-h-9 w-full items-center gap-2.5 rounded-lg px-2.5 text-sm transition-colors max-md:min-h-10"
    >
      <span
        aria-hidden="true"
        className="bg-accent-soft text-accent-text -ml-0.5 flex size-5 items-center justify-center rounded-full text-xs font-semibold uppercase"
      >
        {Array.from(name)[0]}
      </span>
      <span className="min-w-0 flex-1 truncate text-left">
        <span className="sr-only">{t("nav.account")} </span>
        {name}
      </span>
      <ChevronsUpDown aria-hidden="true" className="size-3.5" />
    </button>
  );
  return (
    <Menu trigger={trigger} side="top" className="w-60">
      <MenuItem icon={<LogOut className="size-4" />} onSelect={leave}>
        {t("nav.logout")}
      </MenuItem>
    </Menu>
  );
}
