import { useSyncExternalStore } from "react";

/** How the page looks; "system" follows the computer. `public/theme.js` reads the same key before the first paint. */
export const THEMES = ["system", "light", "dark"] as const;
export type Theme = (typeof THEMES)[number];

const KEY = "wegent.theme";
const watchers = new Set<() => void>();
let isWatching = false;

function storedTheme(): Theme {
  const stored = localStorage.getItem(KEY);
  return THEMES.find((theme) => theme === stored) ?? "system";
}

function show(): void {
  const theme = storedTheme();
  const isDark = theme === "system" ? matchMedia("(prefers-color-scheme: dark)").matches : theme === "dark";
  document.documentElement.classList.toggle("dark", isDark);
  watchers.forEach((watcher) => watcher());
}

/** Shows the given theme and remembers it; without one, the remembered theme. Follows the system and other tabs. */
export function applyTheme(theme?: Theme): void {
  if (theme !== undefined) localStorage.setItem(KEY, theme);
  if (!isWatching) {
    isWatching = true;
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", show);
    addEventListener("storage", (event) => {
      if (event.key === KEY || event.key === null) show();
    });
  }
  show();
}

function subscribe(watcher: () => void): () => void {
  watchers.add(watcher);
  return () => watchers.delete(watcher);
}

export function useTheme(): { theme: Theme; setTheme: (theme: Theme) => void } {
  return { theme: useSyncExternalStore(subscribe, storedTheme), setTheme: applyTheme };
}
