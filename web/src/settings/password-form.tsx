import { useState, type SyntheticEvent } from "react";
import { useTranslation } from "react-i18next";
import { ApiError } from "@/connection/rest";
import { useFailureText } from "@/devices/failure-text";
import { Button, TextField, toast } from "@/ui";
import { useChangePassword } from "./queries";

const SHORTEST = 8;
const EMPTY = { old: "", new: "", again: "" };

/** Changes the password. */
export function PasswordForm({ userName }: { userName: string }) {
  const { t } = useTranslation("settings");
  const [fields, setFields] = useState(EMPTY);
  const [wasTried, setTried] = useState(false);
  const change = useChangePassword();
  const problems = useProblems(fields, wasTried, change.error);
  const submit = (event: SyntheticEvent) => {
    event.preventDefault();
    setTried(true);
    if (fields.old === "" || fields.new.length < SHORTEST || fields.new !== fields.again) return;
    change.mutate(
      { old: fields.old, new: fields.new },
      {
        onSuccess: () => {
          setFields(EMPTY);
          setTried(false);
          toast(t("account.changed"), { kind: "good" });
        },
      },
    );
  };
  const field = (name: keyof typeof EMPTY) => ({
    type: "password",
    required: true,
    maxLength: 1024,
    label: t(`account.${name}`),
    value: fields[name],
    error: problems[name],
    autoComplete: name === "old" ? "current-password" : "new-password",
    onChange: (event: { target: { value: string } }) => setFields({ ...fields, [name]: event.target.value }),
  });
  return (
    <form onSubmit={submit} noValidate className="grid gap-4 p-4">
      <div>
        <h3 className="text-ink text-sm font-medium">{t("account.password")}</h3>
        <p className="text-ink-soft mt-1 text-sm">{t("account.passwordLead")}</p>
      </div>
      {/* Password stores ask whose password it is. */}
      <input type="text" name="username" autoComplete="username" value={userName} readOnly hidden />
      <div className="grid max-w-sm gap-4">
        <TextField {...field("old")} />
        <TextField {...field("new")} hint={t("account.newHint", { count: SHORTEST })} />
        <TextField {...field("again")} />
      </div>
      {problems.other !== undefined && (
        <p role="alert" className="text-bad text-sm">
          {problems.other}
        </p>
      )}
      <div>
        <Button type="submit" isBusy={change.isPending} disabled={fields.old === "" || fields.new === ""}>
          {t("account.change")}
        </Button>
      </div>
    </form>
  );
}

/** What is wrong, by field; nothing is said of the new password before it was first sent. */
function useProblems(fields: typeof EMPTY, wasTried: boolean, error: Error | null) {
  const { t } = useTranslation("settings");
  const failureText = useFailureText();
  const isWrong = error instanceof ApiError && error.code === "forbidden";
  const isShort = wasTried && fields.new.length < SHORTEST;
  const differ = wasTried && fields.again !== fields.new;
  return {
    old: isWrong ? t("account.wrong") : undefined,
    new: isShort ? t("account.tooShort", { count: SHORTEST }) : undefined,
    again: differ ? t("account.different") : undefined,
    other: error && !isWrong ? failureText(error) : undefined,
  };
}
