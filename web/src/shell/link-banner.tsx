import { WifiOff } from "lucide-react";
import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { useLink, type Link } from "@/connection/hooks";
import { Button } from "@/ui";

/** A shorter interruption is nothing that anybody needs to know of. */
const PATIENCE_MS = 2_000;

/** Says that the connection is lost, that it is tried again, and that it is back. */
export function LinkBanner() {
  const { t } = useTranslation("core");
  const link = useLink();
  const isLost = useIsLost(link);
  const [wasLost, setWasLost] = useState(false);
  if (isLost && !wasLost) setWasLost(true);
  return (
    <div role="status" aria-live="polite">
      {isLost && link.state !== "open" && (
        <div className="border-line bg-warn-soft text-warn flex items-center gap-3 border-b px-4 py-1.5 text-sm md:justify-center">
          <WifiOff aria-hidden="true" className="size-4 shrink-0" />
          <span className="min-w-0">{t(`link.${link.state}`)}</span>
          <Button size="sm" variant="ghost" className="text-warn" onClick={link.retryNow}>
            {t("link.retryNow")}
          </Button>
        </div>
      )}
      {wasLost && !isLost && <span className="sr-only">{t("link.back")}</span>}
    </div>
  );
}

/** Whether the connection has been away for a while. */
function useIsLost(link: Link): boolean {
  const [lostSince, setLostSince] = useState<number | null>(null);
  const isOpen = link.state === "open";
  useEffect(() => {
    if (isOpen) return;
    const wait = Math.max(0, link.since + PATIENCE_MS - Date.now());
    const timer = setTimeout(() => setLostSince(link.since), wait);
    return () => clearTimeout(timer);
  }, [isOpen, link.since]);
  return !isOpen && lostSince === link.since;
}
