/** A block of code: its language, a copy button, and colours once their grammars are loaded. */
import type { ElementContent } from "hast";
import { memo, type ReactNode, useEffect, useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import { CopyButton } from "@/stream/copy-button";
import { ScrollBox } from "@/stream/scroll-box";

type Highlight = (code: string, language: string) => readonly ElementContent[];

/** Code that still grows is coloured anew with every piece, so only while it is short. */
const MOST_WHILE_GROWING = 4_000;
const MOST = 60_000;

let loaded: Highlight | null = null;

interface CodeProps {
  code: string;
  language: string;
  isFinal: boolean;
}

export const CodeBlock = memo(function CodeBlock({ code, language, isFinal }: CodeProps) {
  const { t } = useTranslation("stream");
  const text = code.replace(/\n$/, "");
  return (
    <figure className="border-line bg-surface overflow-hidden rounded-xl border">
      <figcaption className="border-line text-ink-soft flex min-h-10 items-center justify-between border-b pr-1 pl-4 text-xs sm:min-h-9">
        <span className="font-mono">{language || t("code.plain")}</span>
        <CopyButton text={() => text} label={t("copy.code")} />
      </figcaption>
      <CodeText code={text} language={language} isFinal={isFinal} className="px-4 py-3" />
    </figure>
  );
});

/** Code without a frame; it scrolls sideways inside itself. */
export function CodeText({ code, language, isFinal, className = "" }: CodeProps & { className?: string }) {
  const { t } = useTranslation("stream");
  const isWanted = language !== "" && code.length <= (isFinal ? MOST : MOST_WHILE_GROWING);
  const highlight = useHighlight(isWanted);
  const parts = useMemo(
    () => (highlight && isWanted ? highlight(code, language).map(element) : code),
    [highlight, isWanted, code, language],
  );
  return (
    <ScrollBox as="pre" label={t("code.label")} className={`font-mono text-[13px]/5 ${className}`}>
      <code>{parts}</code>
    </ScrollBox>
  );
}

/** Return the highlighter as soon as it is loaded; null until then, and where it cannot be loaded. */
function useHighlight(isWanted: boolean): Highlight | null {
  const [highlight, setHighlight] = useState<Highlight | null>(() => loaded);
  useEffect(() => {
    if (!isWanted || highlight) return;
    let isHere = true;
    import("@/stream/highlighter").then(
      (module) => {
        loaded = module.highlighted;
        if (isHere) setHighlight(() => module.highlighted);
      },
      // Code without colours can be read; it gets them with the next block that asks.
      (reason: unknown) => console.warn("Code stays without colours:", reason),
    );
    return () => {
      isHere = false;
    };
  }, [isWanted, highlight]);
  return highlight;
}

function element(node: ElementContent, index: number): ReactNode {
  if (node.type === "text") return node.value;
  if (node.type !== "element") return null;
  const names = node.properties["className"];
  return (
    <span key={index} className={Array.isArray(names) ? names.join(" ") : ""}>
      {node.children.map(element)}
    </span>
  );
}
