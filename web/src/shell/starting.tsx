import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import type { ApiError } from "@/connection/errors";
import { useErrorText } from "@/i18n/use-error-text";
import { Spinner } from "@/ui";

const SLOW_MS = 400;

/** Before it is known who is logged in. What is over in a moment shows nothing. */
export function Starting({ error }: { error: ApiError | null }) {
  const { t } = useTranslation("core");
  const errorText = useErrorText();
  const [isSlow, setIsSlow] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setIsSlow(true), SLOW_MS);
    return () => clearTimeout(timer);
  }, []);
  return (
    <main className="flex h-dvh flex-col items-center justify-center gap-3 px-6 text-center">
      {isSlow && <Spinner label={t("loading")} />}
      {error && (
        <p role="alert" className="text-ink-soft max-w-sm text-sm">
          {errorText(error).text}
        </p>
      )}
    </main>
  );
}
