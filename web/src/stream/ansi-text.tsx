/** A process's output in its colours. */
import { memo, useMemo, useState } from "react";
import type { Span } from "@/stream/ansi";
import { AnsiSlabs, type Pieces, type Slab } from "@/stream/ansi-slabs";

/** Pieces of stdout and stderr in order; what stderr says is tinted. */
export const AnsiPieces = memo(function AnsiPieces({ pieces }: { pieces: Pieces }) {
  const [slabs] = useState(() => new AnsiSlabs());
  const shown = useMemo(() => slabs.read(pieces), [slabs, pieces]);
  return shown.map((slab, index) => <SlabText key={index} slab={slab} />);
});

/** One text with colours. */
export function AnsiText({ text }: { text: string }) {
  const pieces = useMemo<Pieces>(() => [{ name: "stdout", text }], [text]);
  return <AnsiPieces pieces={pieces} />;
}

const SlabText = memo(function SlabText({ slab }: { slab: Slab }) {
  const parts = slab.spans.map(styled);
  return slab.name === "stderr" ? <span className="ansi-stderr">{parts}</span> : parts;
});

function styled(span: Span, key: number) {
  if (!span.classes && !span.color && !span.background) return span.text;
  const style = {
    ...(span.color ? { color: span.color } : {}),
    ...(span.background ? { backgroundColor: span.background } : {}),
  };
  return (
    <span key={key} className={span.classes} style={style}>
      {span.text}
    </span>
  );
}
