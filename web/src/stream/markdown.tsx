/** Markdown as a model writes it: GitHub's flavour, raw HTML as text, nothing loaded from elsewhere. */
import { ExternalLink } from "lucide-react";
import { memo, type ReactNode } from "react";
import { useTranslation } from "react-i18next";
import ReactMarkdown, { type Components, type ExtraProps } from "react-markdown";
import remarkGfm from "remark-gfm";
import { CodeBlock } from "@/stream/code-block";
import { ScrollBox } from "@/stream/scroll-box";
import { imageSource, linkTarget } from "@/stream/safe-url";

interface MarkdownProps {
  text: string;
  /** Makes the ids of footnotes unique in the page. */
  id: string;
  /** False while more may come: what is costly waits. */
  isFinal: boolean;
}

type Node = NonNullable<ExtraProps["node"]>;

const PLUGINS = [remarkGfm];

export const Markdown = memo(function Markdown({ text, id, isFinal }: MarkdownProps) {
  return (
    <div className="markdown">
      <ReactMarkdown
        remarkPlugins={PLUGINS}
        remarkRehypeOptions={{ clobberPrefix: `${id}-` }}
        urlTransform={allowed}
        components={isFinal ? FINAL : GROWING}
      >
        {text}
      </ReactMarkdown>
    </div>
  );
});

/** Images keep their address, since `Picture` decides what becomes of it. */
function allowed(address: string, key: string): string | undefined {
  return key === "src" ? address : (linkTarget(address) ?? undefined);
}

function components(isFinal: boolean): Components {
  return {
    ...HEADINGS,
    a: Anchor,
    img: Picture,
    table: ({ children }) => <ScrollingTable>{children}</ScrollingTable>,
    pre: ({ node }) => <CodeBlock code={codeOf(node)} language={languageOf(node)} isFinal={isFinal} />,
    input: ({ checked }) => <input type="checkbox" checked={checked ?? false} disabled readOnly />,
  };
}

/** An answer's headings stand below those of the page and of its turn. */
const HEADINGS: Components = {
  h1: ({ children }) => <h3 className="heading-1">{children}</h3>,
  h2: ({ children }) => <h4 className="heading-2">{children}</h4>,
  h3: ({ children }) => <h5 className="heading-3">{children}</h5>,
  h4: ({ children }) => <h6>{children}</h6>,
  h5: ({ children }) => <h6>{children}</h6>,
};
const FINAL = components(true);
const GROWING = components(false);

/** A link, or only its words where its address leads nowhere safe. */
function Anchor({
  href,
  children,
  id,
}: {
  href?: string | undefined;
  children?: ReactNode;
  id?: string | undefined;
}) {
  if (!href) return <span>{children}</span>;
  if (href.startsWith("#"))
    return (
      <a href={href} id={id}>
        {children}
      </a>
    );
  return (
    <a href={href} target="_blank" rel="noopener noreferrer">
      {children}
    </a>
  );
}

/** An image that came with the text; one from elsewhere is only linked. */
function Picture({ src, alt }: { src?: string | undefined; alt?: string | undefined }) {
  const { t } = useTranslation("stream");
  const source = imageSource(src);
  if (source)
    return <img src={source} alt={alt ?? ""} loading="lazy" className="max-h-96 max-w-full rounded-lg" />;
  const elsewhere = linkTarget(src);
  const words = alt?.trim() ? alt : t("markdown.image");
  if (!elsewhere) return <span className="text-ink-soft">[{words}]</span>;
  return (
    <a href={elsewhere} target="_blank" rel="noopener noreferrer" title={t("markdown.notLoaded")}>
      <ExternalLink aria-hidden className="mr-1 inline size-3.5" />
      {words}
    </a>
  );
}

function ScrollingTable({ children }: { children: ReactNode }) {
  const { t } = useTranslation("stream");
  return (
    <ScrollBox label={t("markdown.table")}>
      <table>{children}</table>
    </ScrollBox>
  );
}

/** Return the text of the code inside of a `pre`. */
function codeOf(node: Node | undefined): string {
  const code = node?.children[0];
  if (code?.type !== "element") return "";
  return code.children.map((child) => (child.type === "text" ? child.value : "")).join("");
}

function languageOf(node: Node | undefined): string {
  const code = node?.children[0];
  const names = code?.type === "element" ? code.properties["className"] : undefined;
  const found = Array.isArray(names) ? names.map(String).find((name) => name.startsWith("language-")) : undefined;
  return found?.slice("language-".length) ?? "";
}
