import { MonitorSmartphone, Settings } from "lucide-react";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { Link, useLocation } from "wouter";
import { ConversationList } from "@/conversations/conversation-list";
import { Logo } from "@/shell/logo";
import { UserMenu } from "@/shell/user-menu";
import { classes } from "@/ui";

/** Conversations, and the ways to everything else. `onNavigate` is told when one was taken. */
export function Sidebar({ onNavigate }: { onNavigate?: () => void }) {
  const { t } = useTranslation("core");
  const told = onNavigate ? { onNavigate } : {};
  return (
    <>
      <div className="flex h-14 shrink-0 items-center px-4">
        <Logo />
      </div>
      <nav aria-label={t("nav.conversations")} className="flex min-h-0 flex-1 flex-col">
        <ConversationList {...told} />
      </nav>
      <nav
        aria-label={t("nav.label")}
        className="border-line flex flex-col gap-0.5 border-t p-3 pb-[max(0.75rem,env(safe-area-inset-bottom))]"
      >
        <NavLink href="/devices" icon={<MonitorSmartphone className="size-4" />} {...told}>
          {t("nav.devices")}
        </NavLink>
        <NavLink href="/settings" icon={<Settings className="size-4" />} {...told}>
          {t("nav.settings")}
        </NavLink>
        <UserMenu {...told} />
      </nav>
    </>
  );
}

function NavLink(props: { href: string; icon: ReactNode; children: ReactNode; onNavigate?: () => void }) {
  const [path] = useLocation();
  const isCurrent = path === props.href || path.startsWith(`${props.href}/`);
  return (
    <Link
      href={props.href}
      aria-current={isCurrent ? "page" : undefined}
      onClick={() => props.onNavigate?.()}
      className={classes(
        "flex min-h-9 items-center gap-2.5 rounded-lg px-2.5 text-sm transition-colors max-md:min-h-10",
        isCurrent ? "bg-raised text-ink font-medium" : "text-ink-soft hover:bg-raised hover:text-ink",
      )}
    >
      <span aria-hidden="true">{props.icon}</span>
      {props.children}
    </Link>
  );
}
