/** Long things, cut to their beginning until somebody wants all of them. */
import { ChevronDown, ChevronUp } from "lucide-react";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { useFold } from "@/stream/memory";

interface FoldedProps {
  /** Distinguishes several of one block. */
  name: string;
  lines: readonly string[];
  /** How many lines are shown at first; a few more are not worth a button. */
  most?: number;
  render: (text: string) => ReactNode;
}

const SLACK = 4;

/** Show `lines`, only the first of them where they are many, and a button for the rest. */
export function Folded({ name, lines, most = 20, render }: FoldedProps) {
  const [isOpen, setOpen] = useFold(name, false);
  const isLong = lines.length > most + SLACK;
  const shown = isLong && !isOpen ? lines.slice(0, most) : lines;
  return (
    <>
      {render(shown.join("\n"))}
      {isLong && <FoldButton count={lines.length} isOpen={isOpen} onToggle={() => setOpen(!isOpen)} />}
    </>
  );
}

/** The button below something folded: "Show all 120 lines", or "Show less". */
export function FoldButton({ count, isOpen, onToggle }: { count: number; isOpen: boolean; onToggle: () => void }) {
  const { t } = useTranslation("stream");
  const Icon = isOpen ? ChevronUp : ChevronDown;
  return (
    <button
      type="button"
      aria-expanded={isOpen}
      onClick={onToggle}
      className="text-ink-soft hover:text-ink hover:bg-raised flex min-h-10 w-full items-center justify-center gap-1.5 border-t border-inherit px-3 text-xs font-medium -outline-offset-2 transition-colors sm:min-h-8"
    >
      <Icon aria-hidden className="size-3.5" />
      {isOpen ? t("fold.less") : t("fold.all", { count })}
    </button>
  );
}
