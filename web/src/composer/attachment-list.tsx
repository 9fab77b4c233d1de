import { File as FileIcon, FileWarning, X } from "lucide-react";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { useErrorText } from "@/i18n/use-error-text";
import { MAX_FILE } from "@/protocol/wire";
import { fileSize } from "@/stream/file-size";
import { classes, IconButton } from "@/ui";
import type { Attached } from "./drafts";
import { MAX_FILES, type Attachments, type Upload } from "./use-attachments";

/** The files of the next message: attached, on their way, or refused and why. */
export function AttachmentList({ files, attachments }: { files: readonly Attached[]; attachments: Attachments }) {
  const { t, i18n } = useTranslation("chat");
  const { uploads } = attachments;
  if (files.length === 0 && uploads.length === 0) return null;
  return (
    <ul aria-label={t("files.list")} className="flex flex-wrap gap-2 px-3 pt-3">
      {files.map((file) => (
        <Chip
          key={file.id}
          name={file.name}
          detail={fileSize(file.size, i18n.language)}
          onRemove={() => attachments.remove(file.id)}
        />
      ))}
      {uploads.map((one) => (
        <UploadChip key={one.key} upload={one} onDrop={() => attachments.drop(one.key)} />
      ))}
    </ul>
  );
}

function UploadChip({ upload, onDrop }: { upload: Upload; onDrop: () => void }) {
  const { t } = useTranslation("chat");
  const problem = useProblemText()(upload);
  const percent = Math.round(upload.part * 100);
  if (problem !== null) return <Chip name={upload.name} detail={problem} isBad onRemove={onDrop} />;
  return (
    <Chip name={upload.name} detail={`${percent} %`} onRemove={onDrop}>
      <span
        role="progressbar"
        aria-label={t("files.progress", { name: upload.name })}
        aria-valuenow={percent}
        aria-valuemin={0}
        aria-valuemax={100}
        className="bg-accent absolute bottom-0 left-0 h-0.5 transition-[width]"
        style={{ width: `${percent}%` }}
      />
    </Chip>
  );
}

function useProblemText(): (upload: Upload) => string | null {
  const { t, i18n } = useTranslation("chat");
  const errorText = useErrorText();
  return ({ problem }) => {
    if (problem === null) return null;
    if (problem === "tooLarge") return t("files.tooLarge", { size: fileSize(MAX_FILE, i18n.language) });
    if (problem === "tooMany") return t("files.tooMany", { count: MAX_FILES });
    if (problem === "empty") return t("files.empty");
    return problem.code === "too_large" ? problem.message : errorText(problem).text;
  };
}

interface ChipProps {
  name: string;
  detail: string;
  isBad?: boolean;
  onRemove: () => void;
  children?: ReactNode;
}

function Chip({ name, detail, isBad = false, onRemove, children }: ChipProps) {
  const { t } = useTranslation("chat");
  const Icon = isBad ? FileWarning : FileIcon;
  return (
    <li
      {...(isBad ? { role: "alert" } : {})}
      className={classes(
        "border-line relative flex max-w-full items-center gap-2 overflow-hidden rounded-lg border py-0.5 pr-0.5 pl-2.5 text-sm",
        isBad ? "bg-bad-soft" : "bg-raised",
      )}
    >
      <Icon aria-hidden="true" className={classes("size-4 shrink-0", isBad ? "text-bad" : "text-ink-soft")} />
      <span className="text-ink max-w-44 min-w-0 truncate" title={name}>
        {name}
      </span>
      <span className={classes("min-w-0 text-xs tabular-nums", isBad ? "text-bad" : "text-ink-soft shrink-0")}>
        {detail}
      </span>
      <IconButton
        label={t("files.remove", { name })}
        size="sm"
        icon={<X className="size-3.5" />}
        onClick={onRemove}
      />
      {children}
    </li>
  );
}
