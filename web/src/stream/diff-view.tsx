/** A change of a file: numbered lines, each marked by colour and by sign. */
import { FileDiff, FilePlus2, FileX2 } from "lucide-react";
import { memo, useMemo } from "react";
import { useTranslation } from "react-i18next";
import { CopyButton } from "@/stream/copy-button";
import { FoldButton } from "@/stream/folded";
import { useFold } from "@/stream/memory";
import { parsePatch, type Patch, type PatchLine } from "@/stream/patch";
import { ScrollBox } from "@/stream/scroll-box";
import { classes } from "@/ui";

const MOST = 24;
const SLACK = 4;

interface DiffProps {
  path: string;
  patch: string;
}

/** A diff as a card of its own. */
export const DiffView = memo(function DiffView({ path, patch }: DiffProps) {
  const parsed = useMemo(() => parsePatch(patch), [patch]);
  return (
    <div className="border-line bg-surface overflow-hidden rounded-xl border">
      <DiffHead path={path} patch={parsed} source={patch} />
      <DiffLines name={`diff/${path}`} patch={parsed} />
    </div>
  );
});

/** The file's name and how much of it changed. */
export function DiffHead({ path, patch, source }: { path: string; patch: Patch; source?: string }) {
  const { t } = useTranslation("stream");
  const Icon = patch.isNew ? FilePlus2 : patch.isGone ? FileX2 : FileDiff;
  return (
    <div className="border-line text-ink-soft flex min-h-10 items-center gap-2 border-b pr-1 pl-3 text-xs">
      <Icon aria-hidden className="size-4 shrink-0" />
      <span className="text-ink min-w-0 truncate font-mono" title={path}>
        {path}
      </span>
      {patch.isNew && <span>{t("diff.new")}</span>}
      {patch.isGone && <span>{t("diff.gone")}</span>}
      <DiffCounts patch={patch} />
      <span className="flex-1" />
      {source !== undefined && <CopyButton text={() => source} label={t("copy.patch")} />}
    </div>
  );
}

/** +3 −1 */
export function DiffCounts({ patch }: { patch: Pick<Patch, "added" | "removed"> }) {
  const { t } = useTranslation("stream");
  return (
    <span className="shrink-0 font-mono text-xs tabular-nums">
      <span className="sr-only">{t("diff.counts", { added: patch.added, removed: patch.removed })}</span>
      <span aria-hidden className="text-good">
        +{patch.added}
      </span>{" "}
      <span aria-hidden className="text-bad">
        −{patch.removed}
      </span>
    </span>
  );
}

/** The changed lines; only the first of them where they are many. */
export function DiffLines({ name, patch }: { name: string; patch: Patch }) {
  const { t } = useTranslation("stream");
  const [isOpen, setOpen] = useFold(name, false);
  const isLong = patch.lines.length > MOST + SLACK;
  const shown = isLong && !isOpen ? patch.lines.slice(0, MOST) : patch.lines;
  const hasNumbers = patch.lines.some((line) => line.before !== null || line.after !== null);
  if (patch.lines.length === 0) return null;
  return (
    <div>
      <ScrollBox label={t("diff.label")} className="font-mono text-xs/5">
        <div className="w-max min-w-full py-1">
          {shown.map((line, index) => (
            <DiffRow key={index} line={line} hasNumbers={hasNumbers} />
          ))}
        </div>
      </ScrollBox>
      {isLong && <FoldButton count={patch.lines.length} isOpen={isOpen} onToggle={() => setOpen(!isOpen)} />}
    </div>
  );
}

const ROWS: Readonly<Record<PatchLine["kind"], string>> = {
  added: "bg-good-soft",
  removed: "bg-bad-soft",
  same: "",
  hunk: "text-ink-soft bg-raised my-0.5",
  note: "text-ink-soft italic",
};
const SIGNS: Readonly<Record<PatchLine["kind"], string>> = {
  added: "+",
  removed: "−",
  same: " ",
  hunk: "",
  note: "",
};

function DiffRow({ line, hasNumbers }: { line: PatchLine; hasNumbers: boolean }) {
  const { t } = useTranslation("stream");
  const sign = line.kind === "added" ? "text-good" : line.kind === "removed" ? "text-bad" : "text-ink-soft";
  const number = "text-ink-soft w-10 shrink-0 pr-2 text-right tabular-nums select-none max-md:hidden";
  return (
    <div className={classes("flex min-h-5", ROWS[line.kind])}>
      {hasNumbers && (
        <>
          <span aria-hidden className={number}>
            {line.before}
          </span>
          <span aria-hidden className={number}>
            {line.after}
          </span>
        </>
      )}
      <span aria-hidden className={classes("w-6 shrink-0 text-center select-none", sign)}>
        {SIGNS[line.kind]}
      </span>
      {line.kind === "added" && <span className="sr-only">{t("diff.added")} </span>}
      {line.kind === "removed" && <span className="sr-only">{t("diff.removed")} </span>}
      <span className="pr-4 whitespace-pre">{line.kind === "hunk" ? `⋯ ${line.text}` : line.text}</span>
    </div>
  );
}
