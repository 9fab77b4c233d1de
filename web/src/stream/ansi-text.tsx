/** A process's output in its colours. */
import { memo, useMemo } from "react";
import { AnsiReader, type Span } from "@/stream/ansi";

export type Pieces = readonly { readonly name: "stdout" | "stderr"; readonly text: string }[];

/** Pieces of stdout and stderr in order; what stderr says is tinted. */
export const AnsiPieces = memo(function AnsiPieces({ pieces }: { pieces: Pieces }) {
  const shown = useMemo(() => {
    const readers = { stdout: new AnsiReader(), stderr: new AnsiReader() };
    return pieces.map((piece) => ({ name: piece.name, spans: readers[piece.name].read(piece.text) }));
  }, [pieces]);
  return shown.map(({ name, spans }, index) =>
    name === "stderr" ? (
      <span key={index} className="ansi-stderr">
        {spans.map(styled)}
      </span>
    ) : (
      spans.map((span, number) => styled(span, index * 1_000_000 + number))
    ),
  );
});

/** One text with colours. */
export function AnsiText({ text }: { text: string }) {
  const pieces = useMemo<Pieces>(() => [{ name: "stdout", text }], [text]);
  return <AnsiPieces pieces={pieces} />;
}

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
