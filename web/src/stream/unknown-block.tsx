/** An event that this page does not know yet, for whoever wants to look. */
import { Braces } from "lucide-react";
import { memo } from "react";
import { useTranslation } from "react-i18next";
import { JsonTree } from "@/stream/json-tree";
import { useFold } from "@/stream/memory";
import type { UnknownBlock as UnknownBlockData } from "@/transcript/blocks";

export const UnknownBlock = memo(function UnknownBlock({ block }: { block: UnknownBlockData }) {
  const { t } = useTranslation("stream");
  const [isOpen, setOpen] = useFold("unknown", false);
  const type = typeof block.data["type"] === "string" ? block.data["type"] : "?";
  return (
    <details
      open={isOpen}
      onToggle={(event) => setOpen(event.currentTarget.open)}
      className="border-line text-ink-soft rounded-xl border border-dashed text-sm"
    >
      <summary className="flex min-h-10 cursor-pointer items-center gap-2 px-4">
        <Braces aria-hidden className="size-4" />
        {t("unknown.title", { type })}
      </summary>
      {isOpen && (
        <div className="px-4 pb-3">
          <JsonTree value={block.data} />
        </div>
      )}
    </details>
  );
});
