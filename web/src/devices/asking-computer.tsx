import { ShieldAlert } from "lucide-react";
import { useId, type ReactNode } from "react";
import { useTranslation } from "react-i18next";
import type { AskingMachine } from "@/protocol/wire";
import { unmasked } from "@/stream/unmasked";
import { Button } from "@/ui";
import { useFailureText } from "./failure-text";
import { useFocusedOnArrival } from "./focused";
import { useDecide } from "./pairing-queries";
import { useNow } from "./relative-time";
import { timeLeft } from "./user-code";

interface Props {
  computer: AskingMachine;
  onDecided: (isApproved: boolean) => void;
  onRestart: () => void;
}

/** Shows which computer asks for what, and lets its owner decide. */
export function AskingComputer({ computer, onDecided, onRestart }: Props) {
  const { t } = useTranslation("devices");
  const section = useFocusedOnArrival<HTMLElement>();
  const heading = useId();
  const now = useNow(1);
  if (Date.parse(computer.expires_at) <= now) return <RunOut onRestart={onRestart} />;
  return (
    <section ref={section} tabIndex={-1} aria-labelledby={heading} className="grid scroll-m-5 gap-4 outline-none">
      <p id={heading} className="text-ink font-medium">
        {t("pair.asks")}
      </p>
      <dl className="border-line bg-canvas grid grid-cols-[auto_minmax(0,1fr)] gap-x-4 gap-y-2 rounded-lg border p-4 text-sm">
        <Fact name={t("pair.name")}>{unmasked(computer.name)}</Fact>
        <Fact name={t("pair.code")}>
          <span className="font-mono tracking-wider">{computer.user_code}</span>
        </Fact>
        <Fact name={t("pair.address")}>{computer.address}</Fact>
        <Fact name={t("pair.scopes")}>
          {computer.scopes.map((scope) => (
            <span key={scope} className="block">
              {t(`scope.${scope}`, { defaultValue: scope })}
            </span>
          ))}
        </Fact>
        <Fact name={t("pair.left")}>
          <span className="tabular-nums">{timeLeft(computer.expires_at, now)}</span>
        </Fact>
      </dl>
      <p className="bg-warn-soft text-warn flex gap-2.5 rounded-lg p-3 text-sm">
        <ShieldAlert aria-hidden="true" className="mt-0.5 size-4 shrink-0" />
        {t("pair.warning")}
      </p>
      <Decision userCode={computer.user_code} onDecided={onDecided} />
    </section>
  );
}

function Decision({ userCode, onDecided }: { userCode: string; onDecided: Props["onDecided"] }) {
  const { t } = useTranslation("devices");
  const failureText = useFailureText();
  const decision = useDecide();
  const decide = (isApproved: boolean) =>
    decision.mutate({ userCode, isApproved }, { onSuccess: () => onDecided(isApproved) });
  const wish = decision.isPending ? decision.variables.isApproved : null;
  return (
    <div className="grid gap-3">
      {decision.error && (
        <p role="alert" className="text-bad text-sm">
          {failureText(decision.error)}
        </p>
      )}
      <div className="flex flex-wrap gap-2">
        <Button variant="primary" isBusy={wish === true} disabled={wish !== null} onClick={() => decide(true)}>
          {t("pair.approve")}
        </Button>
        <Button variant="danger" isBusy={wish === false} disabled={wish !== null} onClick={() => decide(false)}>
          {t("pair.deny")}
        </Button>
      </div>
    </div>
  );
}

function RunOut({ onRestart }: { onRestart: () => void }) {
  const { t } = useTranslation("devices");
  return (
    <div className="grid justify-items-start gap-3">
      <p role="alert" className="text-bad text-sm">
        {t("pair.expired")}
      </p>
      <Button onClick={onRestart}>{t("pair.another")}</Button>
    </div>
  );
}

function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <>
      <dt className="text-ink-soft">{name}</dt>
      <dd className="text-ink min-w-0 [overflow-wrap:anywhere]">{children}</dd>
    </>
  );
}
