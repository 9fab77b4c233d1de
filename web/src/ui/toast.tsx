import { CircleAlert, CircleCheck, Info, X } from "lucide-react";
import { useSyncExternalStore } from "react";
import { useTranslation } from "react-i18next";
import { classes } from "@/ui/class-names";
import { IconButton } from "@/ui/icon-button";

export type ToastKind = "info" | "good" | "bad";

interface Toast {
  readonly id: number;
  readonly text: string;
  readonly kind: ToastKind;
}

const SHOWN = 3;
const SECONDS = { info: 5, good: 4, bad: 12 };
const ICONS = {
  info: <Info className="text-ink-soft size-4" />,
  good: <CircleCheck className="text-good size-4" />,
  bad: <CircleAlert className="text-bad size-4" />,
};

let toasts: readonly Toast[] = [];
let nextId = 1;
const listeners = new Set<() => void>();

/** Say something in the corner for a few seconds, to screen readers as well. */
export function toast(text: string, options: { kind?: ToastKind } = {}): void {
  const kind = options.kind ?? "info";
  const id = nextId++;
  change([...toasts.filter((one) => one.text !== text), { id, text, kind }].slice(-SHOWN));
  setTimeout(() => dismiss(id), SECONDS[kind] * 1000);
}

function dismiss(id: number): void {
  change(toasts.filter((one) => one.id !== id));
}

function change(next: readonly Toast[]): void {
  toasts = next;
  for (const listener of listeners) listener();
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** Where toasts are shown; once in the page. */
export function Toaster() {
  const { t } = useTranslation("core");
  const shown = useSyncExternalStore(subscribe, () => toasts);
  return (
    <div
      role="status"
      aria-live="polite"
      className="pointer-events-none fixed inset-x-0 bottom-4 z-50 flex flex-col items-center gap-2 px-4 pb-[env(safe-area-inset-bottom)]"
    >
      {shown.map((one) => (
        <div
          key={one.id}
          className={classes(
            "border-line bg-surface pointer-events-auto flex max-w-md items-center gap-3 rounded-xl border py-1.5 pr-1.5 pl-4",
            "text-ink text-sm shadow-lg",
          )}
        >
          <span aria-hidden="true">{ICONS[one.kind]}</span>
          <span className="min-w-0 py-1 break-words">{one.text}</span>
          <IconButton
            label={t("dismiss")}
            size="sm"
            icon={<X className="size-4" />}
            onClick={() => dismiss(one.id)}
          />
        </div>
      ))}
    </div>
  );
}
