import { Upload } from "lucide-react";
import { useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";

/** Takes files that are dropped anywhere on the page, and shows that it would while some are held over it. */
export function DropZone({ onFiles }: { onFiles: (files: readonly File[]) => void }) {
  const { t } = useTranslation("chat");
  const [isOver, setIsOver] = useState(false);
  const take = useRef(onFiles);
  useEffect(() => {
    take.current = onFiles;
  }, [onFiles]);
  useEffect(() => watchDrops(setIsOver, (files) => take.current(files)), []);
  if (!isOver) return null;
  return (
    <div className="bg-canvas/80 pointer-events-none fixed inset-0 z-40 flex items-center justify-center p-6 backdrop-blur-sm">
      <p className="border-accent bg-surface text-ink flex items-center gap-3 rounded-xl border-2 border-dashed px-8 py-6 text-base font-medium">
        <Upload aria-hidden="true" className="text-accent-text size-5" />
        {t("files.drop")}
      </p>
    </div>
  );
}

/** Listen for files over the whole page; a text that is dragged stays the browser's affair. */
function watchDrops(onOver: (isOver: boolean) => void, onFiles: (files: readonly File[]) => void): () => void {
  const controller = new AbortController();
  const { signal } = controller;
  let depth = 0; // every element that is entered on the way says so
  const hasFiles = (event: DragEvent): boolean => event.dataTransfer?.types.includes("Files") ?? false;
  const on = (
    name: "dragenter" | "dragover" | "dragleave" | "drop",
    listener: (event: DragEvent) => void,
  ): void => {
    const listen = (event: DragEvent): void => {
      if (!hasFiles(event)) return;
      event.preventDefault();
      listener(event);
      onOver(depth > 0);
    };
    addEventListener(name, listen, { signal });
  };
  on("dragenter", () => (depth += 1));
  on("dragover", () => undefined);
  on("dragleave", () => (depth = Math.max(0, depth - 1)));
  on("drop", (event) => {
    depth = 0;
    onFiles([...(event.dataTransfer?.files ?? [])]);
  });
  return () => controller.abort();
}
