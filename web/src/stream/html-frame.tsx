/**
 * HTML that a notebook wrote, in a frame without scripts, forms, links to the top, or this page's origin.
 *
 * A frame that runs no scripts cannot say how high it is, so its height is guessed from its rows and can be changed.
 */
import { Maximize2, Minimize2 } from "lucide-react";
import { useMemo, useSyncExternalStore } from "react";
import { useTranslation } from "react-i18next";
import { useFold } from "@/stream/memory";

const ROW_PIXELS = 30;
const LEAST = 60;
const MOST = 320;
const WHOLE = 720;

/** Nothing is loaded from anywhere: what a picture's address would tell its server is nobody's business. */
const POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; font-src data:";

export function HtmlFrame({ html, name, title }: { html: string; name: string; title: string }) {
  const { t } = useTranslation("stream");
  const isDark = useIsDark();
  const [isWhole, setWhole] = useFold(name, false);
  const page = useMemo(() => framed(html, isDark), [html, isDark]);
  const guess = guessedHeight(html);
  const Icon = isWhole ? Minimize2 : Maximize2;
  return (
    <div className="relative">
      <iframe
        title={title}
        sandbox=""
        srcDoc={page}
        loading="lazy"
        referrerPolicy="no-referrer"
        style={{ height: isWhole ? Math.max(WHOLE, guess) : Math.min(guess, MOST) }}
        className="block w-full border-0"
      />
      {guess > MOST && (
        <button
          type="button"
          aria-expanded={isWhole}
          onClick={() => setWhole(!isWhole)}
          className="border-line text-ink-soft hover:bg-raised hover:text-ink flex min-h-10 w-full items-center justify-center gap-1.5 border-t text-xs font-medium -outline-offset-2 md:min-h-8"
        >
          <Icon aria-hidden className="size-3.5" />
          {isWhole ? t("fold.less") : t("fold.taller")}
        </button>
      )}
    </div>
  );
}

/** Guess from what takes up height: rows of tables, paragraphs, pictures; text by its length. */
function guessedHeight(html: string): number {
  const rows = html.match(/<(tr|p|li|h[1-6]|br|pre)\b/gi)?.length ?? 0;
  const pictures = html.match(/<(img|svg|canvas|video)\b/gi)?.length ?? 0;
  const words = html.replace(/<style[\s\S]*?<\/style>|<[^>]*>/gi, "").length;
  const lines = Math.max(rows, Math.ceil(words / 90));
  return Math.max(LEAST, lines * ROW_PIXELS + pictures * 300 + 24);
}

function framed(html: string, isDark: boolean): string {
  const [ink, soft, line, stripe] = isDark
    ? ["#e8ecee", "#a9b4b9", "#3a4448", "#ffffff08"]
    : ["#1d2629", "#5b686e", "#dde3e6", "#00000008"];
  return `<!doctype html><html><head><meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${POLICY}">
<style>
:root { color-scheme: ${isDark ? "dark" : "light"}; }
body { margin: 0; padding: 12px 16px; font: 13px/1.5 ui-sans-serif, system-ui, sans-serif; color: ${ink}; background: transparent; }
table { border-collapse: collapse; border: 0 !important; font-size: 12px; font-variant-numeric: tabular-nums; }
th, td { padding: 5px 12px; text-align: right; border: 0; border-bottom: 1px solid ${line}; white-space: nowrap; }
th { color: ${soft}; font-weight: 600; }
tbody tr:nth-child(even) { background: ${stripe}; }
img { max-width: 100%; }
pre { white-space: pre-wrap; }
</style></head><body>${html}</body></html>`;
}

/** Whether the page is dark now; frames do not inherit its colours. */
function useIsDark(): boolean {
  return useSyncExternalStore(watchTheme, () => document.documentElement.classList.contains("dark"));
}

function watchTheme(onChange: () => void): () => void {
  const observer = new MutationObserver(onChange);
  observer.observe(document.documentElement, { attributes: true, attributeFilter: ["class"] });
  return () => observer.disconnect();
}
