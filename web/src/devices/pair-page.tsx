import { ArrowLeft } from "lucide-react";
import { useTranslation } from "react-i18next";
import { Link, useSearchParams } from "wouter";
import { Pairing } from "./pairing";
import { formatUserCode, isCompleteUserCode } from "./user-code";

/** Where the address that a computer printed leads. Opening it approves nothing. */
export default function PairPage() {
  const { t } = useTranslation("devices");
  const [search] = useSearchParams();
  const code = formatUserCode(search.get("code") ?? "");
  return (
    <div className="mx-auto w-full max-w-xl px-4 py-8 md:px-8 md:py-10">
      <Link
        href="/devices"
        className="text-ink-soft hover:text-ink -ml-2 inline-flex min-h-10 items-center gap-2 rounded-lg px-2 text-sm"
      >
        <ArrowLeft aria-hidden="true" className="size-4" />
        {t("pair.toDevices")}
      </Link>
      <h1 tabIndex={-1} className="text-ink mt-4 text-2xl font-semibold tracking-tight outline-none">
        {t("pair.title")}
      </h1>
      <p className="text-ink-soft mt-1 text-sm">{t("pair.lead")}</p>
      <div className="border-line bg-surface mt-6 rounded-xl border p-5">
        <Pairing key={code} {...(isCompleteUserCode(code) ? { initialCode: code } : {})} />
      </div>
    </div>
  );
}
