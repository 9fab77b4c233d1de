/** A notebook's cell: its source, folded, and what it put out. */
import { ChevronRight } from "lucide-react";
import { lazy, memo, Suspense, useId } from "react";
import { useTranslation } from "react-i18next";
import { CodeText } from "@/stream/code-block";
import { useFold } from "@/stream/memory";
import type { CellBlock as CellBlockData } from "@/transcript/blocks";
import { classes, Spinner } from "@/ui";

const CellOutput = lazy(() => import("@/stream/cell-output"));

export const CellBlock = memo(function CellBlock({ block }: { block: CellBlockData }) {
  const { t } = useTranslation("stream");
  const [isOpen, setOpen] = useFold("cell", false);
  const id = useId();
  const first = block.source?.split("\n").find((line) => line.trim() !== "") ?? "";
  return (
    <section
      aria-label={t("cell.title", { index: block.index, of: block.of })}
      className="border-line bg-surface overflow-hidden rounded-xl border"
    >
      <button
        type="button"
        aria-expanded={isOpen}
        aria-controls={id}
        disabled={!block.source}
        onClick={() => setOpen(!isOpen)}
        className="enabled:hover:bg-raised/60 flex min-h-11 w-full items-center gap-2.5 px-3 text-left text-sm -outline-offset-2 transition-colors md:min-h-10"
      >
        <span className="bg-raised text-ink-soft shrink-0 rounded-md px-1.5 py-0.5 font-mono text-xs tabular-nums">
          {block.index}/{block.of}
        </span>
        <span className="text-ink-soft min-w-0 flex-1 truncate font-mono text-xs">{first}</span>
        <span className="sr-only">{t("cell.source")}</span>
        {block.source && (
          <ChevronRight
            aria-hidden
            className={classes("text-ink-soft size-4 shrink-0 transition-transform", isOpen && "rotate-90")}
          />
        )}
      </button>
      <div id={id} hidden={!isOpen}>
        {isOpen && block.source && (
          <div className="border-line border-t">
            <CodeText code={block.source} language="python" isFinal className="px-4 py-3" />
          </div>
        )}
      </div>
      {block.outputs.length > 0 && (
        <div className="border-line divide-line divide-y border-t">
          <Suspense fallback={<Loading />}>
            {block.outputs.map((output, index) => (
              <CellOutput key={index} output={output} name={`output/${index}`} />
            ))}
          </Suspense>
        </div>
      )}
    </section>
  );
});

function Loading() {
  const { t } = useTranslation("stream");
  return (
    <div className="px-4 py-3">
      <Spinner label={t("cell.loading")} />
    </div>
  );
}
