import { lazy, Suspense, useState, useSyncExternalStore, type ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { Route, Switch, useLocation } from "wouter";
import { ConversationPage } from "@/chat/conversation-page";
import { NewPage } from "@/chat/new-page";
import { Notifier } from "@/chat/notifier";
import { Drawer } from "@/shell/drawer";
import { ErrorBoundary } from "@/shell/error-boundary";
import { LinkBanner } from "@/shell/link-banner";
import { NotFound } from "@/shell/not-found";
import { PageFocus } from "@/shell/page-focus";
import { PageTitle } from "@/shell/page-title";
import { Sidebar } from "@/shell/sidebar";
import { TopBar } from "@/shell/top-bar";
import { Spinner } from "@/ui";

const DevicesPage = lazy(() => import("@/devices/devices-page"));
const PairPage = lazy(() => import("@/devices/pair-page"));
const SettingsPage = lazy(() => import("@/settings/settings-page"));

const WIDE = window.matchMedia("(min-width: 48rem)");

/** What a login opens: the conversations at the side, or in a drawer where there is no room, and one page. */
export default function Shell() {
  const { t } = useTranslation("core");
  const isWide = useSyncExternalStore(onWidth, () => WIDE.matches);
  const [isDrawerOpen, setIsDrawerOpen] = useState(false);
  return (
    <div className="flex h-dvh overflow-hidden">
      <a
        href="#content"
        className="bg-accent text-accent-ink sr-only z-50 rounded-lg px-4 py-2 text-sm font-medium focus:not-sr-only focus:fixed focus:top-3 focus:left-3"
        onClick={(event) => {
          event.preventDefault();
          document.getElementById("content")?.focus();
        }}
      >
        {t("skipToContent")}
      </a>
      {isWide && (
        <aside className="border-line bg-surface flex w-70 shrink-0 flex-col border-r">
          <Sidebar />
        </aside>
      )}
      <div className="flex min-w-0 flex-1 flex-col">
        {!isWide && (
          <>
            <TopBar onMenu={() => setIsDrawerOpen(true)} />
            <Drawer isOpen={isDrawerOpen} onOpenChange={setIsDrawerOpen}>
              <Sidebar onNavigate={() => setIsDrawerOpen(false)} />
            </Drawer>
          </>
        )}
        <LinkBanner />
        <main id="content" tabIndex={-1} className="min-h-0 flex-1 overflow-y-auto outline-none">
          <Pages />
        </main>
      </div>
      <Notifier />
    </div>
  );
}

function Pages() {
  const [path] = useLocation();
  return (
    <Page key={path.split("/")[1] ?? ""}>
      <Switch>
        <Route path="/">
          <NewPage />
        </Route>
        <Route path="/c/:taskId">{({ taskId }) => <ConversationPage key={taskId} taskId={taskId} />}</Route>
        <Route path="/devices">
          <DevicesPage />
        </Route>
        <Route path="/devices/pair">
          <PairPage />
        </Route>
        <Route path="/settings">
          <SettingsPage />
        </Route>
        <Route>
          <NotFound />
        </Route>
      </Switch>
    </Page>
  );
}

function Page({ children }: { children: ReactNode }) {
  const { t } = useTranslation("core");
  const fallback = (
    <div className="flex h-full items-center justify-center">
      <Spinner label={t("loading")} />
    </div>
  );
  return (
    <ErrorBoundary>
      <PageTitle />
      <Suspense fallback={fallback}>
        {children}
        <PageFocus />
      </Suspense>
    </ErrorBoundary>
  );
}

function onWidth(listener: () => void): () => void {
  WIDE.addEventListener("change", listener);
  return () => WIDE.removeEventListener("change", listener);
}
