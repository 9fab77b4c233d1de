/** What a tool was asked to do, shown so that a person can judge it: the whole of it, nothing left out. */
import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import { CodeText } from "@/stream/code-block";
import { Console } from "@/stream/console";
import { DiffHead, DiffLines } from "@/stream/diff-view";
import { Folded } from "@/stream/folded";
import { JsonTree } from "@/stream/json-tree";
import { Markdown } from "@/stream/markdown";
import { proposedPatch } from "@/stream/patch";
import { fields, type Fields, languageOf, textOf } from "@/stream/tool-content";
import { toolKind } from "@/stream/tool-facts";
import { unmasked } from "@/stream/unmasked";

interface ToolInputProps {
  name: string;
  input: unknown;
}

export function ToolInput({ name, input }: ToolInputProps) {
  const given = fields(input);
  switch (toolKind(name)) {
    case "command":
      return <CommandInput given={given} input={input} sign={name === "Python" ? ">>>" : "$"} />;
    case "edit":
      return <EditInput given={given} />;
    case "write":
      return <WriteInput given={given} />;
    case "plan":
      return <PlanInput given={given} />;
    default:
      return <FieldList given={given} input={input} />;
  }
}

/** A command line as it would be typed; whatever else it was given stands below. */
function CommandInput({ given, input, sign }: { given: Fields; input: unknown; sign: string }) {
  const { t } = useTranslation("stream");
  const command = textOf(given, "command", "prompt", "code");
  const about = textOf(given, "description");
  if (!command) return <FieldList given={given} input={input} />;
  return (
    <>
      {about && <p className="text-ink-soft px-4 py-2 text-sm">{unmasked(about)}</p>}
      <Console label={t("tool.command")}>
        <span aria-hidden className="text-terminal-ink/60 select-none">
          {sign}{" "}
        </span>
        {unmasked(command)}
      </Console>
      <FieldList given={without(given, "command", "prompt", "code", "description")} input={null} />
    </>
  );
}

function EditInput({ given }: { given: Fields }) {
  const path = unmasked(textOf(given, "file_path", "path"));
  const edits = useMemo(() => {
    const listed = Array.isArray(given["edits"]) ? given["edits"] : [given];
    return listed.map((edit) =>
      proposedPatch(unmasked(textOf(edit, "old_string")), unmasked(textOf(edit, "new_string"))),
    );
  }, [given]);
  // It replaces one place unless it says otherwise.
  const unsaid = given["replace_all"] === false ? ["replace_all"] : [];
  return (
    <>
      {edits.map((patch, index) => (
        <div key={index} className="border-line not-first:border-t">
          <DiffHead path={path} patch={patch} />
          <DiffLines name={`edit/${index}`} patch={patch} />
        </div>
      ))}
      <FieldList
        given={without(given, "file_path", "path", "edits", "old_string", "new_string", ...unsaid)}
        input={null}
      />
    </>
  );
}

function WriteInput({ given }: { given: Fields }) {
  const path = unmasked(textOf(given, "file_path", "path"));
  return (
    <>
      <p className="text-ink px-4 py-2 font-mono text-xs break-all">{path}</p>
      <div className="border-line border-t">
        <Folded
          name="written"
          lines={unmasked(textOf(given, "content")).split("\n")}
          render={(text) => <CodeText code={text} language={languageOf(path)} isFinal className="px-4 py-3" />}
        />
      </div>
      <FieldList given={without(given, "file_path", "path", "content")} input={null} />
    </>
  );
}

function PlanInput({ given }: { given: Fields }) {
  return (
    <div className="px-4 py-2">
      <Markdown text={textOf(given, "plan")} id="plan" isFinal />
      <FieldList given={without(given, "plan")} input={null} />
    </div>
  );
}

/** Any input, field by field; what is no text is shown as JSON. */
function FieldList({ given, input }: { given: Fields; input: unknown }) {
  const rows = Object.entries(given).filter(([, value]) => value !== null && value !== undefined && value !== "");
  if (rows.length === 0)
    return input === null || input === undefined || typeof input === "object" ? null : (
      <p className="px-4 py-2 font-mono text-xs break-words whitespace-pre-wrap">{JSON.stringify(input)}</p>
    );
  return (
    <dl className="grid gap-x-4 gap-y-1.5 px-4 py-2.5 text-xs md:grid-cols-[max-content_1fr]">
      {rows.map(([name, value]) => (
        <div key={name} className="contents">
          <dt className="text-ink-soft font-medium">{name.replaceAll("_", " ")}</dt>
          <dd className="text-ink min-w-0 font-mono break-words whitespace-pre-wrap max-md:mb-1.5">
            <FieldValue name={name} value={value} />
          </dd>
        </div>
      ))}
    </dl>
  );
}

function FieldValue({ name, value }: { name: string; value: unknown }) {
  if (typeof value === "object" && value !== null) return <JsonTree value={value} />;
  const text = unmasked(typeof value === "string" ? value : JSON.stringify(value));
  return <Folded name={`field/${name}`} lines={text.split("\n")} render={(shown) => shown} />;
}

function without(given: Fields, ...names: readonly string[]): Fields {
  return Object.fromEntries(Object.entries(given).filter(([name]) => !names.includes(name)));
}
