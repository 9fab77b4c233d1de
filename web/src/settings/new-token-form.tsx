import { Check } from "lucide-react";
import { Checkbox } from "radix-ui";
import { useEffect, useId, useRef, useState, type SyntheticEvent } from "react";
import { useTranslation } from "react-i18next";
import { useDevices } from "@/connection/hooks";
import { useFailureText } from "@/devices/failure-text";
import { distinction, tellingName } from "@/devices/short-id";
import { Button, TextField } from "@/ui";
import type { useMakeToken } from "./queries";

const SCOPES = ["device", "send", "read"] as const;
type Scope = (typeof SCOPES)[number];

interface Props {
  making: ReturnType<typeof useMakeToken>;
  onCancel: () => void;
}

/** What a token is to be called, may do, and is bound to. */
export function NewTokenForm({ making, onCancel }: Props) {
  const { t } = useTranslation("settings");
  const failureText = useFailureText();
  const nameField = useRef<HTMLInputElement>(null);
  const [name, setName] = useState("");
  const [scopes, setScopes] = useState<readonly Scope[]>(SCOPES);
  const [deviceId, setDeviceId] = useState("");
  useEffect(() => nameField.current?.focus(), []);
  const submit = (event: SyntheticEvent) => {
    event.preventDefault();
    making.mutate({ name: name.trim(), scopes, device_id: deviceId === "" ? null : deviceId });
  };
  return (
    <form onSubmit={submit} className="grid gap-5 pt-1">
      <TextField
        ref={nameField}
        label={t("newToken.name")}
        hint={t("newToken.nameHint")}
        value={name}
        maxLength={200}
        required
        autoComplete="off"
        onChange={(event) => setName(event.target.value)}
      />
      <Scopes scopes={scopes} onChange={setScopes} />
      <DeviceField deviceId={deviceId} onChange={setDeviceId} />
      {making.error && (
        <p role="alert" className="text-bad text-sm">
          {failureText(making.error)}
        </p>
      )}
      <div className="flex flex-wrap justify-end gap-2">
        <Button variant="ghost" onClick={onCancel}>
          {t("newToken.cancel")}
        </Button>
        <Button
          type="submit"
          variant="primary"
          isBusy={making.isPending}
          disabled={name.trim() === "" || scopes.length === 0}
        >
          {t("newToken.generate")}
        </Button>
      </div>
    </form>
  );
}

function Scopes({ scopes, onChange }: { scopes: readonly Scope[]; onChange: (scopes: readonly Scope[]) => void }) {
  const { t } = useTranslation("settings");
  const toggle = (scope: Scope) =>
    onChange(SCOPES.filter((one) => (one === scope ? !scopes.includes(one) : scopes.includes(one))));
  return (
    <fieldset>
      <legend className="text-ink text-sm font-medium">{t("newToken.scopes")}</legend>
      <div className="mt-1">
        {SCOPES.map((scope) => (
          <Scope key={scope} scope={scope} isChosen={scopes.includes(scope)} onToggle={() => toggle(scope)} />
        ))}
      </div>
      <p role="status" className="text-bad text-sm">
        {scopes.length === 0 && t("newToken.noScope")}
      </p>
    </fieldset>
  );
}

function Scope({ scope, isChosen, onToggle }: { scope: Scope; isChosen: boolean; onToggle: () => void }) {
  const { t } = useTranslation("settings");
  const id = useId();
  return (
    <div className="flex items-center">
      <Checkbox.Root
        id={id}
        checked={isChosen}
        onCheckedChange={onToggle}
        className="border-line-strong bg-surface data-[state=checked]:border-accent data-[state=checked]:bg-accent flex size-4.5 shrink-0 items-center justify-center rounded border"
      >
        <Checkbox.Indicator>
          <Check aria-hidden="true" className="text-accent-ink size-3.5" strokeWidth={3} />
        </Checkbox.Indicator>
      </Checkbox.Root>
      <label
        htmlFor={id}
        className="text-ink flex min-h-9 flex-1 cursor-pointer items-center pl-2.5 text-sm max-md:min-h-10"
      >
        {t(`scope.${scope}`)}
      </label>
    </div>
  );
}

function DeviceField({ deviceId, onChange }: { deviceId: string; onChange: (deviceId: string) => void }) {
  const { t } = useTranslation("settings");
  const devices = useDevices();
  const id = useId();
  return (
    <div className="grid gap-1.5">
      <label htmlFor={id} className="text-ink text-sm font-medium">
        {t("newToken.device")}
      </label>
      <select
        id={id}
        value={deviceId}
        onChange={(event) => onChange(event.target.value)}
        aria-describedby={`${id}-hint`}
        className="border-line-strong bg-surface text-ink min-h-10 w-full rounded-lg border px-3 text-base md:text-sm"
      >
        <option value="">{t("newToken.anyDevice")}</option>
        {devices.map((device) => (
          <option key={device.device_id} value={device.device_id}>
            {tellingName(device.name, distinction(device, devices))}
          </option>
        ))}
      </select>
      <p id={`${id}-hint`} className="text-ink-soft text-sm">
        {t("newToken.deviceHint")}
      </p>
    </div>
  );
}
