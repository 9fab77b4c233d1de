import { Paperclip } from "lucide-react";
import { useRef } from "react";
import { useTranslation } from "react-i18next";
import { IconButton } from "@/ui";

/** Opens the browser's choice of files. */
export function AttachButton({ onFiles }: { onFiles: (files: readonly File[]) => void }) {
  const { t } = useTranslation("chat");
  const input = useRef<HTMLInputElement>(null);
  return (
    <>
      <input
        ref={input}
        type="file"
        multiple
        tabIndex={-1}
        aria-hidden="true"
        aria-label={t("files.attach")}
        data-testid="attach"
        className="hidden"
        onChange={(event) => {
          onFiles([...(event.target.files ?? [])]);
          event.target.value = ""; // so that the same file can be chosen again
        }}
      />
      <IconButton
        label={t("files.attach")}
        icon={<Paperclip className="size-4" />}
        className="size-9 max-md:size-10"
        onClick={() => input.current?.click()}
      />
    </>
  );
}
