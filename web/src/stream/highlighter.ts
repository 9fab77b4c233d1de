/** Colours for code; its grammars are heavy, so this module is only loaded when there is code to colour. */
import type { ElementContent, Root } from "hast";
import rehypeHighlight from "rehype-highlight";

const highlight = rehypeHighlight({ detect: false }) as unknown as (tree: Root, file: { message(): void }) => void;
const SILENT = { message: () => undefined };

/** Return the parts of `code` with their `hljs-…` classes; of a language that is not known it is one piece of text. */
export function highlighted(code: string, language: string): readonly ElementContent[] {
  const element = {
    type: "element" as const,
    tagName: "code",
    properties: { className: [`language-${language}`] },
    children: [{ type: "text" as const, value: code }] as ElementContent[],
  };
  const pre = { type: "element" as const, tagName: "pre", properties: {}, children: [element] };
  highlight({ type: "root", children: [pre] }, SILENT);
  return element.children;
}
