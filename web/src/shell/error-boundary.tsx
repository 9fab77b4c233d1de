import i18next from "i18next";
import { Component, type ErrorInfo, type ReactNode } from "react";
import { Button } from "@/ui";

interface Props {
  children: ReactNode;
}

/** Shows what to do when a component failed, instead of an empty page. */
export class ErrorBoundary extends Component<Props, { error: Error | null }> {
  override state = { error: null as Error | null };

  static getDerivedStateFromError(error: unknown): { error: Error } {
    return { error: error instanceof Error ? error : new Error(String(error)) };
  }

  override componentDidCatch(error: unknown, info: ErrorInfo): void {
    console.error("The page failed.", error, info.componentStack);
  }

  override render(): ReactNode {
    const { error } = this.state;
    return error ? <Crash error={error} /> : this.props.children;
  }
}

function Crash({ error }: { error: Error }) {
  const t = i18next.getFixedT(null, "core");
  return (
    <main className="flex h-full min-h-64 items-center justify-center p-6">
      <div
        role="alert"
        className="border-line bg-surface flex w-full max-w-lg flex-col gap-3 rounded-xl border p-6"
      >
        <h1 className="text-ink text-lg font-semibold">{t("crash.title")}</h1>
        <p className="text-ink-soft text-sm">{isOutdated(error) ? t("crash.outdated") : t("crash.text")}</p>
        <details className="text-ink-soft text-sm">
          <summary className="cursor-pointer">{t("crash.details")}</summary>
          <pre className="bg-raised mt-2 max-h-60 overflow-auto rounded-lg p-3 text-xs whitespace-pre-wrap">
            {error.stack ?? error.message}
          </pre>
        </details>
        <div>
          <Button variant="primary" onClick={() => location.reload()}>
            {t("crash.reload")}
          </Button>
        </div>
      </div>
    </main>
  );
}

/** A part of the page that is not on the server any more: there is a newer page. */
function isOutdated(error: Error): boolean {
  return /dynamically imported module|importing a module script|preload CSS/i.test(error.message);
}
