import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { copyText, toast } from "@/ui";

const SHOWN_MS = 2000;

/** Copies a text, and says for two seconds that it was copied. */
export function useCopied(): { isCopied: boolean; copy: (text: string) => void } {
  const { t } = useTranslation("devices");
  const [isCopied, setCopied] = useState(false);
  useEffect(() => {
    if (!isCopied) return;
    const timer = setTimeout(() => setCopied(false), SHOWN_MS);
    return () => clearTimeout(timer);
  }, [isCopied]);
  const copy = (text: string) => {
    void copyText(text).then((isDone) => {
      setCopied(isDone);
      toast(t(isDone ? "copied" : "copyFailed"), { kind: isDone ? "good" : "bad" });
    });
  };
  return { isCopied, copy };
}
