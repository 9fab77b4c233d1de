import { KeyRound } from "lucide-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useDevices } from "@/connection/hooks";
import { useFailureText } from "@/devices/failure-text";
import { fullTime, relativeTime, useNow } from "@/devices/relative-time";
import { shortId } from "@/devices/short-id";
import type { Token } from "@/protocol/wire";
import { Badge, Button, ConfirmDialog, toast } from "@/ui";
import { useRevokeToken } from "./queries";

/** One token: what it may, until when, and its revocation. */
export function TokenRow({ token }: { token: Token }) {
  const { t } = useTranslation("settings");
  const [isRevoking, setRevoking] = useState(false);
  return (
    <li className="flex flex-wrap items-center gap-x-4 gap-y-3 p-4">
      <KeyRound aria-hidden="true" className="text-ink-soft size-4 shrink-0 max-sm:hidden" />
      <div className="min-w-0 flex-1 basis-56">
        <p className="text-ink text-sm font-medium [overflow-wrap:anywhere]">{token.name}</p>
        <Dates token={token} />
        <p className="mt-2 flex flex-wrap gap-1">
          {token.scopes.map((scope) => (
            <Badge key={scope}>{t(`scope.${scope}`, { defaultValue: scope })}</Badge>
          ))}
          {token.device_id !== null && <Bound deviceId={token.device_id} />}
        </p>
      </div>
      <Button
        variant="danger"
        size="sm"
        aria-label={t("tokens.revokeNamed", { name: token.name })}
        onClick={() => setRevoking(true)}
      >
        {t("tokens.revoke")}
      </Button>
      <Revocation token={token} isOpen={isRevoking} onOpenChange={setRevoking} />
    </li>
  );
}

function Dates({ token }: { token: Token }) {
  const { t, i18n } = useTranslation("settings");
  const now = useNow(60);
  const parts = [
    ["created", token.created_at],
    ["expires", token.expires_at],
  ] as const;
  return (
    <p className="text-ink-soft mt-0.5 flex flex-wrap gap-x-1.5 text-sm">
      {parts.map(([key, when], index) => (
        <span key={key}>
          {index > 0 && <span aria-hidden="true">· </span>}
          <time dateTime={when} title={fullTime(when, i18n.language)}>
            {t(`tokens.${key}`, { when: relativeTime(when, now, i18n.language) })}
          </time>
        </span>
      ))}
    </p>
  );
}

function Bound({ deviceId }: { deviceId: string }) {
  const { t } = useTranslation("settings");
  const device = useDevices().find((one) => one.device_id === deviceId);
  return (
    <Badge tone="accent" className="max-w-full min-w-0">
      <span className="truncate">{t("tokens.boundTo", { device: device?.name ?? shortId(deviceId) })}</span>
    </Badge>
  );
}

interface RevocationProps {
  token: Token;
  isOpen: boolean;
  onOpenChange: (isOpen: boolean) => void;
}

function Revocation({ token, isOpen, onOpenChange }: RevocationProps) {
  const { t } = useTranslation("settings");
  const failureText = useFailureText();
  const revoke = useRevokeToken();
  const confirm = async () => {
    try {
      await revoke.mutateAsync(token.id);
    } catch {
      return; // It is shown below the question, which stays.
    }
    toast(t("revocation.done", { name: token.name }), { kind: "good" });
    onOpenChange(false);
  };
  return (
    <ConfirmDialog
      isOpen={isOpen}
      onOpenChange={onOpenChange}
      title={t("revocation.title", { name: token.name })}
      description={t("revocation.text")}
      confirmLabel={t("revocation.confirm")}
      onConfirm={confirm}
      isDangerous
    >
      {revoke.error && (
        <p role="alert" className="text-bad mt-3 text-sm">
          {t("revocation.failed")}: {failureText(revoke.error)}
        </p>
      )}
    </ConfirmDialog>
  );
}
