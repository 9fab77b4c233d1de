import { useSyncExternalStore } from "react";

/**
 * Whether this browser may tell of ended tasks. "blocked": the browser refuses until its owner changes that in the
 * browser's site settings; "unsupported": it has no notifications here, as on an http address of another computer.
 */
export type Notifications = "on" | "off" | "blocked" | "unsupported";

const KEY = "wegent.notifications";
const watchers = new Set<() => void>();

function isSupported(): boolean {
  return "Notification" in window && window.isSecureContext;
}

/** Read at the moment when something is to be told: the permission can be taken back at any time. */
export function notifications(): Notifications {
  if (!isSupported()) return "unsupported";
  if (Notification.permission === "denied") return "blocked";
  return localStorage.getItem(KEY) === "on" && Notification.permission === "granted" ? "on" : "off";
}

function changed(): void {
  watchers.forEach((watcher) => watcher());
}

/** Asks for the browser's permission where it has not been given; call it from a click. */
export async function turnOnNotifications(): Promise<Notifications> {
  if (!isSupported()) return "unsupported";
  const permission = await Notification.requestPermission();
  if (permission === "granted") localStorage.setItem(KEY, "on");
  changed();
  return notifications();
}

export function turnOffNotifications(): void {
  localStorage.setItem(KEY, "off");
  changed();
}

function subscribe(watcher: () => void): () => void {
  watchers.add(watcher);
  // The permission is changed outside of the page, most often while the page is not in front.
  addEventListener("focus", watcher);
  addEventListener("storage", watcher);
  return () => {
    watchers.delete(watcher);
    removeEventListener("focus", watcher);
    removeEventListener("storage", watcher);
  };
}

export function useNotifications(): Notifications {
  return useSyncExternalStore(subscribe, notifications);
}
