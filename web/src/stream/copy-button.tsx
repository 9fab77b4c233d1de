/** A small button that copies something, and says that it did. */
import { Check, Copy } from "lucide-react";
import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { classes, copyText, toast } from "@/ui";

interface CopyButtonProps {
  /** Made when it is wanted: it may be long. */
  text: () => string;
  label: string;
  className?: string;
}

export function CopyButton({ text, label, className = "" }: CopyButtonProps) {
  const { t } = useTranslation("stream");
  const [isCopied, setCopied] = useState(false);
  useEffect(() => {
    if (!isCopied) return;
    const timer = setTimeout(() => setCopied(false), 2000);
    return () => clearTimeout(timer);
  }, [isCopied]);
  const copy = async () => {
    if (await copyText(text())) setCopied(true);
    else toast(t("copy.failed"), { kind: "bad" });
  };
  const Icon = isCopied ? Check : Copy;
  return (
    <button
      type="button"
      aria-label={isCopied ? t("copy.done") : label}
      title={isCopied ? t("copy.done") : label}
      onClick={() => void copy()}
      className={classes(
        "inline-flex size-10 shrink-0 items-center justify-center rounded-lg transition-colors hover:bg-current/10 md:size-8",
        className,
      )}
    >
      <Icon aria-hidden className="size-4" />
    </button>
  );
}
