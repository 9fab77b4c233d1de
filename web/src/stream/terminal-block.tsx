/** What a process writes, in its colours. Output that goes on over several blocks is one terminal. */
import { ChevronsDownUp, ChevronsUpDown, SquareTerminal, WrapText } from "lucide-react";
import { memo, type RefObject, useLayoutEffect, useRef } from "react";
import { useTranslation } from "react-i18next";
import { plainOutput } from "@/stream/ansi";
import { AnsiPieces } from "@/stream/ansi-text";
import { CopyButton } from "@/stream/copy-button";
import { useFold, useKept } from "@/stream/memory";
import { ScrollBox } from "@/stream/scroll-box";
import type { TerminalBlock as TerminalBlockData } from "@/transcript/blocks";
import { classes, IconButton } from "@/ui";

/** More lines than this scroll inside of a box, until somebody wants them all. */
const MOST = 200;
const LINE_PIXELS = 20;
const NEAR = 24;

export const TerminalView = memo(function TerminalView({ blocks }: { blocks: readonly TerminalBlockData[] }) {
  const { t } = useTranslation("stream");
  const [isWrapped, setWrapped] = useKept("wrap", true);
  const [isWhole, setWhole] = useFold("whole", false);
  const lines = blocks.reduce((sum, block) => sum + block.lines, 0);
  const isLong = lines > MOST;
  const isBoxed = isLong && !isWhole;
  const box = useRef<HTMLPreElement>(null);
  const onScroll = useFollowedEnd(box, isBoxed, blocks);
  return (
    <div className="bg-terminal text-terminal-ink overflow-hidden rounded-xl">
      <div className="border-terminal-ink/15 text-terminal-ink/80 flex min-h-10 items-center gap-2 border-b pr-1 pl-4 text-xs md:min-h-9">
        <SquareTerminal aria-hidden className="size-4" />
        <span>{t("terminal.title")}</span>
        {lines > 1 && <span className="tabular-nums">{t("terminal.lines", { count: lines })}</span>}
        <span className="flex-1" />
        {isLong && (
          <Toggle
            label={isWhole ? t("terminal.fold") : t("terminal.unfold", { count: lines })}
            icon={isWhole ? <ChevronsDownUp className="size-4" /> : <ChevronsUpDown className="size-4" />}
            isPressed={isWhole}
            onToggle={() => setWhole(!isWhole)}
          />
        )}
        <Toggle
          label={t("terminal.wrap")}
          icon={<WrapText className="size-4" />}
          isPressed={isWrapped}
          onToggle={() => setWrapped(!isWrapped)}
        />
        <CopyButton text={() => wholeText(blocks)} label={t("copy.output")} />
      </div>
      <ScrollBox
        as="pre"
        box={box}
        label={t("terminal.title")}
        onScroll={onScroll}
        className={classes("ansi py-3 font-mono text-xs/5", isBoxed && "max-h-96 overflow-y-auto overscroll-auto")}
      >
        {blocks.map((block) => (
          <TerminalPart key={block.id} block={block} isWrapped={isWrapped} />
        ))}
      </ScrollBox>
    </div>
  );
});

/** One block's text. Parts out of sight are not laid out. */
const TerminalPart = memo(function TerminalPart({
  block,
  isWrapped,
}: {
  block: TerminalBlockData;
  isWrapped: boolean;
}) {
  return (
    <div
      className={classes("px-4", isWrapped ? "break-all whitespace-pre-wrap" : "w-max min-w-full whitespace-pre")}
      style={
        block.isClosed
          ? { contentVisibility: "auto", containIntrinsicSize: `auto ${Math.max(block.lines, 1) * LINE_PIXELS}px` }
          : {}
      }
    >
      <AnsiPieces pieces={block.pieces} />
    </div>
  );
});

interface ToggleProps {
  label: string;
  icon: React.ReactNode;
  isPressed: boolean;
  onToggle: () => void;
}

function Toggle({ label, icon, isPressed, onToggle }: ToggleProps) {
  return (
    <IconButton
      size="sm"
      label={label}
      icon={icon}
      aria-pressed={isPressed}
      onClick={onToggle}
      className="text-terminal-ink/80 hover:text-terminal-ink aria-pressed:text-terminal-ink aria-pressed:bg-terminal-ink/10 hover:bg-current/10"
    />
  );
}

/** Keep the end of the box in sight as it grows, unless somebody scrolled up in it. */
function useFollowedEnd(box: RefObject<HTMLPreElement | null>, isBoxed: boolean, blocks: unknown): () => void {
  const isAtEnd = useRef(true);
  useLayoutEffect(() => {
    if (isBoxed && isAtEnd.current) box.current?.scrollTo({ top: box.current.scrollHeight });
  }, [box, isBoxed, blocks]);
  return () => {
    const element = box.current;
    if (element) isAtEnd.current = element.scrollHeight - element.scrollTop - element.clientHeight < NEAR;
  };
}

function wholeText(blocks: readonly TerminalBlockData[]): string {
  return plainOutput(blocks.flatMap((block) => block.pieces.map((piece) => piece.text)).join(""));
}
