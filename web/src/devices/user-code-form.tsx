import type { SyntheticEvent } from "react";
import { useTranslation } from "react-i18next";
import { ApiError } from "@/connection/rest";
import { Button, TextField } from "@/ui";
import { useFailureText } from "./failure-text";
import type { useFindComputer } from "./pairing-queries";
import { formatUserCode, isCompleteUserCode } from "./user-code";

interface Props {
  code: string;
  onChange: (code: string) => void;
  search: ReturnType<typeof useFindComputer>;
}

/** Where the code that a computer shows is typed. */
export function UserCodeForm({ code, onChange, search }: Props) {
  const { t } = useTranslation("devices");
  const failureText = useFailureText();
  const submit = (event: SyntheticEvent) => {
    event.preventDefault();
    if (isCompleteUserCode(code)) search.mutate(formatUserCode(code));
  };
  const describe = (error: Error) =>
    error instanceof ApiError && error.status === 404 ? t("pair.unknown") : failureText(error);
  return (
    <form onSubmit={submit} className="grid gap-3">
      <TextField
        label={t("pair.code")}
        hint={t("pair.codeHint")}
        error={search.error ? describe(search.error) : undefined}
        value={formatUserCode(code)}
        onChange={(event) => onChange(formatUserCode(event.target.value))}
        placeholder="XXXX-XXXX"
        autoComplete="one-time-code"
        autoCapitalize="characters"
        spellCheck={false}
        className="max-w-sm [&_input]:min-h-12 [&_input]:font-mono [&_input]:text-lg [&_input]:tracking-widest"
      />
      <div>
        <Button type="submit" variant="primary" disabled={!isCompleteUserCode(code)} isBusy={search.isPending}>
          {t("pair.find")}
        </Button>
      </div>
    </form>
  );
}
