/** A piece of the answer, written in Markdown. */
import { memo, useEffect, useRef, useState } from "react";
import { Markdown } from "@/stream/markdown";
import type { TextBlock as TextBlockData } from "@/transcript/blocks";

/** A text that grows is parsed anew with every piece; a longer one (a program in its fence) less often. */
const SHORT = 6_000;
const CHARACTERS_PER_MS = 40;

/** Closed blocks never change, so they are parsed once; only the open one is parsed as it grows. */
export const TextBlock = memo(function TextBlock({ block }: { block: TextBlockData }) {
  const calm = useCalm(block.text, block.isClosed || block.text.length <= SHORT);
  return <Markdown text={calm} id={block.id} isFinal={block.isClosed} />;
});

/** Return the text as it was a moment ago, where it is too long to be shown anew each time; at once where `isEager`. */
function useCalm(text: string, isEager: boolean): string {
  const [calm, setCalm] = useState(text);
  const newest = useRef(text);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  useEffect(() => {
    newest.current = text;
    if (isEager || timer.current !== undefined) return;
    timer.current = setTimeout(() => {
      timer.current = undefined;
      setCalm(newest.current);
    }, text.length / CHARACTERS_PER_MS);
  }, [text, isEager]);
  useEffect(
    () => () => {
      clearTimeout(timer.current);
      timer.current = undefined;
    },
    [],
  );
  return isEager ? text : calm;
}
