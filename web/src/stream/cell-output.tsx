/**
 * One output of a cell, in nbformat's form (nbformat 4, `output_type` and a bundle of media types).
 *
 * The richest form that is safe is shown. HTML has a frame of its own without scripts and without this page's origin.
 */
import { useTranslation } from "react-i18next";
import { AnsiText } from "@/stream/ansi-text";
import { CodeText } from "@/stream/code-block";
import { Console } from "@/stream/console";
import { Folded } from "@/stream/folded";
import { HtmlFrame } from "@/stream/html-frame";
import { JsonTree } from "@/stream/json-tree";
import { Markdown } from "@/stream/markdown";
import { type Fields, fields } from "@/stream/tool-content";
import { classes } from "@/ui";

interface CellOutputProps {
  output: Fields;
  name: string;
}

export default function CellOutput({ output, name }: CellOutputProps) {
  switch (output["output_type"]) {
    case "stream":
      return <Plain text={joined(output["text"])} name={name} isError={output["name"] === "stderr"} />;
    case "error":
      return <Traceback output={output} name={name} />;
    case "display_data":
    case "execute_result":
      return <Bundle data={fields(output["data"])} name={name} />;
    case "clear_output":
      return null;
    default:
      return (
        <div className="px-4 py-3">
          <JsonTree value={output} />
        </div>
      );
  }
}

/** nbformat keeps long texts as lists of lines. */
function joined(value: unknown): string {
  return Array.isArray(value) ? value.map(String).join("") : typeof value === "string" ? value : "";
}

function Plain({ text, name, isError = false }: { text: string; name: string; isError?: boolean }) {
  const { t } = useTranslation("stream");
  return (
    <Folded
      name={name}
      most={40}
      lines={text.replace(/\n$/, "").split("\n")}
      render={(shown) => (
        <Console
          label={t("cell.output")}
          isWrapped={false}
          className={classes("console-plain", isError && "ansi-stderr")}
        >
          <AnsiText text={shown} />
        </Console>
      )}
    />
  );
}

function Traceback({ output, name }: CellOutputProps) {
  const { t } = useTranslation("stream");
  const said = [output["ename"], output["evalue"]]
    .filter((part) => typeof part === "string" && part !== "")
    .join(": ");
  const traceback = Array.isArray(output["traceback"]) ? output["traceback"].map(String).join("\n") : "";
  return (
    <div>
      <p className="text-bad bg-bad-soft px-4 py-2 font-mono text-xs break-words">{said || t("cell.error")}</p>
      {traceback && <Plain text={traceback} name={name} />}
    </div>
  );
}

const IMAGES = ["image/svg+xml", "image/png", "image/jpeg", "image/gif", "image/webp"] as const;

function Bundle({ data, name }: { data: Fields; name: string }) {
  const { t } = useTranslation("stream");
  const plain = joined(data["text/plain"]);
  const image = IMAGES.find((type) => joined(data[type]) !== "");
  if (image) return <Picture type={image} content={joined(data[image])} about={plain} />;
  const html = joined(data["text/html"]);
  if (html) return <HtmlFrame html={html} name={name} title={t("cell.html")} />;
  const markdown = joined(data["text/markdown"]);
  if (markdown)
    return (
      <div className="px-4 py-2">
        <Markdown text={markdown} id={name} isFinal />
      </div>
    );
  const latex = joined(data["text/latex"]);
  if (latex) return <CodeText code={latex} language="latex" isFinal className="px-4 py-3" />;
  if (data["application/json"] !== undefined && data["application/json"] !== null)
    return (
      <div className="px-4 py-3">
        <JsonTree value={data["application/json"]} />
      </div>
    );
  return plain ? <Plain text={plain} name={name} /> : <Unshown data={data} />;
}

/** An SVG, too, is shown as an image: scripts in it cannot run. */
function Picture({ type, content, about }: { type: string; content: string; about: string }) {
  const { t } = useTranslation("stream");
  const source =
    type === "image/svg+xml"
      ? `data:${type};charset=utf-8,${encodeURIComponent(content)}`
      : `data:${type};base64,${content.replace(/\s/g, "")}`;
  return (
    <div className="overflow-x-auto bg-white p-3">
      <img src={source} alt={about || t("cell.image")} className="max-w-full" />
    </div>
  );
}

function Unshown({ data }: { data: Fields }) {
  const { t } = useTranslation("stream");
  return (
    <p className="text-ink-soft px-4 py-3 text-sm">
      {t("cell.unshown", { types: Object.keys(data).join(", ") || "—" })}
    </p>
  );
}
