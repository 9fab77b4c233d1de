import { Plus } from "lucide-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useFailureText } from "@/devices/failure-text";
import { Button, Spinner } from "@/ui";
import { NewToken } from "./new-token";
import { useTokens } from "./queries";
import { Section } from "./section";
import { TokenRow } from "./token-row";

/** How long a token is good where its server's owner has set nothing else. */
const DAYS = 7;

/** The tokens that computers and programs log in with. */
export function TokensSection() {
  const { t } = useTranslation("settings");
  const [isMaking, setMaking] = useState(false);
  const action = (
    <Button variant="primary" size="sm" icon={<Plus className="size-4" />} onClick={() => setMaking(true)}>
      {t("tokens.generate")}
    </Button>
  );
  return (
    <Section id="tokens" title={t("tokens.title")} lead={t("tokens.lead", { days: DAYS })} action={action}>
      <Tokens />
      <NewToken isOpen={isMaking} onOpenChange={setMaking} />
    </Section>
  );
}

function Tokens() {
  const { t } = useTranslation("settings");
  const failureText = useFailureText();
  const tokens = useTokens();
  if (tokens.isPending) {
    return (
      <p className="p-4">
        <Spinner label={t("tokens.loading")} />
      </p>
    );
  }
  if (tokens.error) {
    return (
      <div className="flex flex-wrap items-center justify-between gap-3 p-4">
        <p role="alert" className="text-bad text-sm">
          {t("tokens.failed")}: {failureText(tokens.error)}
        </p>
        <Button size="sm" onClick={() => void tokens.refetch()}>
          {t("tokens.tryAgain")}
        </Button>
      </div>
    );
  }
  if (tokens.data.length === 0) return <p className="text-ink-soft p-4 text-sm">{t("tokens.none")}</p>;
  return (
    <ul aria-label={t("tokens.list")} className="divide-line divide-y">
      {tokens.data.map((token) => (
        <TokenRow key={token.id} token={token} />
      ))}
    </ul>
  );
}
