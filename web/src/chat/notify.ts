/**
 * Notifications of the browser, for turns that end, or ask, while nobody looks.
 *
 * Off until the person turns them on in the settings; shown only in a hidden tab, and of turns that ran for long.
 */
import type { State } from "@/protocol/wire";
import { notifications } from "@/settings/notifications";

/** A turn that ran for less is not worth a notification when it ends. */
export const LONG_MS = 30_000;

export type Occasion = "completed" | "failed" | "cancelled" | "approval";

/** What is known of a turn when its state changes. */
export interface Change {
  readonly before: State | undefined;
  readonly after: State;
  /** How long it has run, as far as this page saw. */
  readonly ranMs: number;
}

/** What to tell about a change of state, or null. A turn that was stopped by hand is known to have ended. */
export function occasionOf({ before, after, ranMs }: Change): Occasion | null {
  if (before !== "running" && before !== "cancelling") return null;
  if (after !== "completed" && after !== "failed") return null;
  return ranMs >= LONG_MS ? after : null;
}

/** Show a notification if that is wanted and allowed; `open` is called when it is clicked. */
export function notify(title: string, body: string, tag: string, open: () => void): void {
  if (!document.hidden || notifications() !== "on") return;
  const notification = new Notification(title, { body, tag, icon: "/app/icon.svg" });
  notification.onclick = () => {
    window.focus();
    open();
    notification.close();
  };
}
