/** A file that the turn made, to be downloaded. */
import { Download, File as FileIcon } from "lucide-react";
import { memo } from "react";
import { useTranslation } from "react-i18next";
import { fileSize } from "@/stream/file-size";
import type { FileBlock as FileBlockData } from "@/transcript/blocks";

export const FileBlock = memo(function FileBlock({ block }: { block: FileBlockData }) {
  const { t, i18n } = useTranslation("stream");
  const { file } = block;
  return (
    <a
      href={`/files/${encodeURIComponent(file.id)}`}
      download={file.name}
      aria-label={t("file.download", { name: file.name })}
      className="border-line bg-surface hover:bg-raised flex max-w-md items-center gap-3 rounded-xl border px-4 py-3 transition-colors"
    >
      <FileIcon aria-hidden className="text-ink-soft size-5 shrink-0" />
      <span className="min-w-0 flex-1">
        <span className="text-ink block truncate text-sm font-medium">{file.name}</span>
        <span className="text-ink-soft block truncate text-xs">
          {fileSize(file.size, i18n.language)} · {file.media_type}
        </span>
      </span>
      <Download aria-hidden className="text-ink-soft size-4 shrink-0" />
    </a>
  );
});
