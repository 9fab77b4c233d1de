/** What a tool gave. */
import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import { AnsiText } from "@/stream/ansi-text";
import { CodeText } from "@/stream/code-block";
import { Console } from "@/stream/console";
import { CopyButton } from "@/stream/copy-button";
import { plainOutput } from "@/stream/ansi";
import { Folded } from "@/stream/folded";
import { JsonTree } from "@/stream/json-tree";
import { Markdown } from "@/stream/markdown";
import { ScrollBox } from "@/stream/scroll-box";
import { contentText, languageOf, numberedLines, textOf } from "@/stream/tool-content";
import { toolKind } from "@/stream/tool-facts";
import { classes } from "@/ui";

interface ToolOutputProps {
  name: string;
  input: unknown;
  content: unknown;
  isError: boolean;
}

export function ToolOutput({ name, input, content, isError }: ToolOutputProps) {
  const { t } = useTranslation("stream");
  const text = useMemo(() => contentText(content).replace(/\s+$/, ""), [content]);
  const kind = toolKind(name);
  if (!text) return <p className="text-ink-soft px-4 py-2.5 text-xs italic">{t("tool.noOutput")}</p>;
  if (kind === "read" && !isError) return <ReadOutput text={text} path={textOf(input, "file_path", "path")} />;
  if ((kind === "agent" || kind === "fetch") && !isError)
    return (
      <div className="px-4 py-2 text-sm">
        <Folded
          name="output"
          lines={text.split("\n")}
          render={(shown) => <Markdown text={shown} id={name} isFinal />}
        />
      </div>
    );
  if (isStructured(content) && !isError)
    return (
      <div className="px-4 py-2.5">
        <JsonTree value={content} />
      </div>
    );
  return kind === "command" ? <CommandOutput text={text} /> : <PlainOutput text={text} isError={isError} />;
}

function isStructured(content: unknown): boolean {
  return typeof content === "object" && content !== null && !Array.isArray(content);
}

function CommandOutput({ text }: { text: string }) {
  const { t } = useTranslation("stream");
  return (
    <div className="bg-terminal text-terminal-ink relative">
      <div className="absolute top-0 right-1 z-10">
        <CopyButton text={() => plainOutput(text)} label={t("copy.output")} className="bg-terminal" />
      </div>
      <Folded
        name="output"
        lines={text.split("\n")}
        render={(shown) => (
          <Console label={t("tool.output")} className="pt-1 pr-12">
            <AnsiText text={shown} />
          </Console>
        )}
      />
    </div>
  );
}

function PlainOutput({ text, isError }: { text: string; isError: boolean }) {
  const { t } = useTranslation("stream");
  return (
    <Folded
      name="output"
      lines={text.split("\n")}
      render={(shown) => (
        <ScrollBox
          as="pre"
          label={t("tool.output")}
          className={classes(
            "px-4 py-2.5 font-mono text-xs/5 break-words whitespace-pre-wrap",
            isError ? "text-bad" : "text-ink",
          )}
        >
          {plainOutput(shown)}
        </ScrollBox>
      )}
    />
  );
}

/** A file's lines beside their numbers. */
function ReadOutput({ text, path }: { text: string; path: string }) {
  const lines = useMemo(() => numberedLines(text), [text]);
  if (!lines) return <PlainOutput text={text} isError={false} />;
  const first = lines[0]?.number ?? 1;
  return (
    <Folded
      name="output"
      lines={lines.map((line) => line.text)}
      render={(shown) => (
        <div className="flex">
          <pre
            aria-hidden
            className="text-ink-soft py-2.5 pr-3 pl-4 text-right font-mono text-[13px]/5 select-none"
          >
            {shown.split("\n").map((_, index) => `${first + index}\n`)}
          </pre>
          <CodeText code={shown} language={languageOf(path)} isFinal className="min-w-0 flex-1 py-2.5 pr-4" />
        </div>
      )}
    />
  );
}
