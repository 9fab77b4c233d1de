/** JSON that can be opened and closed, level by level. */
import { useState } from "react";
import { unmasked } from "@/stream/unmasked";

interface JsonTreeProps {
  value: unknown;
  name?: string;
  depth?: number;
}

const OPEN_LEVELS = 1;
const MOST = 200;

export function JsonTree({ value, name, depth = 0 }: JsonTreeProps) {
  if (typeof value !== "object" || value === null || Object.keys(value).length === 0)
    return <Leaf value={value} {...(name === undefined ? {} : { name })} />;
  return <Branch value={value} depth={depth} {...(name === undefined ? {} : { name })} />;
}

function Leaf({ value, name }: { value: unknown; name?: string }) {
  const tone = typeof value === "string" ? "text-good" : "text-accent-text";
  return (
    <span className="block font-mono text-xs/5 break-words whitespace-pre-wrap">
      {name !== undefined && <span className="text-ink-soft">{unmasked(name)}: </span>}
      <span className={tone}>{unmasked(JSON.stringify(value))}</span>
    </span>
  );
}

function Branch({ value, name, depth }: { value: object; name?: string; depth: number }) {
  const [isOpen, setOpen] = useState(depth < OPEN_LEVELS);
  const entries = Object.entries(value) as [string, unknown][];
  const [open, close] = Array.isArray(value) ? ["[", "]"] : ["{", "}"];
  return (
    <details open={isOpen} onToggle={(event) => setOpen(event.currentTarget.open)} className="font-mono text-xs/5">
      <summary className="hover:bg-raised cursor-pointer rounded">
        {name !== undefined && <span className="text-ink-soft">{name}: </span>}
        {open}
        <span className="text-ink-soft">{isOpen ? "" : ` ${entries.length} ${close}`}</span>
      </summary>
      {isOpen && (
        <div className="border-line ml-1 border-l pl-4">
          {entries.slice(0, MOST).map(([key, each]) => (
            <JsonTree key={key} name={key} value={each} depth={depth + 1} />
          ))}
          {entries.length > MOST && <span className="text-ink-soft">… {entries.length - MOST}</span>}
        </div>
      )}
    </details>
  );
}
