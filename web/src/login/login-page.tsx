import { Eye, EyeOff } from "lucide-react";
import { useEffect, useId, useState, type SyntheticEvent } from "react";
import { useTranslation } from "react-i18next";
import { ApiError } from "@/connection/errors";
import { login } from "@/connection/session";
import { changeLanguage, currentLanguage, LANGUAGE_NAMES, LANGUAGES } from "@/i18n/i18n";
import { useErrorText } from "@/i18n/use-error-text";
import { Button, IconButton, TextField } from "@/ui";

/** Shown in place of everything while nobody is logged in. `hasEnded`: somebody was, until a moment ago. */
export default function LoginPage({ hasEnded }: { hasEnded: boolean }) {
  const { t } = useTranslation(["login", "core"]);
  const title = t("core:pageTitle", { page: t("title") });
  useEffect(() => {
    document.title = title;
  }, [title]);
  return (
    <main className="flex min-h-dvh flex-col items-center justify-center gap-6 px-4 py-10">
      <div className="border-line bg-surface w-full max-w-sm rounded-xl border p-6 shadow-sm sm:p-8">
        <img src="/app/icon.svg" alt="" width={40} height={40} className="rounded-lg" />
        <h1 className="text-ink mt-4 text-xl font-semibold tracking-tight">{t("title")}</h1>
        <p className="text-ink-soft mt-1 text-sm">{hasEnded ? t("ended") : t("welcome")}</p>
        <LoginForm />
      </div>
      <LanguageSwitch />
    </main>
  );
}

function LoginForm() {
  const { t } = useTranslation("login");
  const [username, setUsername] = useState("");
  const [password, setPassword] = useState("");
  const [isBusy, setIsBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const submit = async (event: SyntheticEvent) => {
    event.preventDefault();
    setError(null);
    setIsBusy(true);
    try {
      await login(username.trim(), password);
    } catch (caught) {
      setError(caught);
      setIsBusy(false);
    }
  };
  return (
    <form className="mt-6 flex flex-col gap-4" onSubmit={(event) => void submit(event)}>
      <TextField
        label={t("name")}
        name="username"
        autoComplete="username"
        autoCapitalize="none"
        spellCheck={false}
        required
        value={username}
        onChange={(event) => setUsername(event.target.value)}
      />
      <PasswordField value={password} onChange={setPassword} />
      <div role="alert" className="text-bad text-sm empty:hidden">
        {error !== null && <Problem error={error} />}
      </div>
      <Button variant="primary" type="submit" isBusy={isBusy}>
        {t("submit")}
      </Button>
      <p className="text-ink-soft text-xs">{t("hint")}</p>
    </form>
  );
}

function Problem({ error }: { error: unknown }) {
  const { t } = useTranslation("login");
  const errorText = useErrorText();
  if (error instanceof ApiError && error.code === "unauthenticated") return t("wrong");
  if (error instanceof ApiError && error.code === "rate_limited") return t("tooOften");
  const { text, detail } = errorText(error);
  return error instanceof ApiError && error.code !== "unreachable" ? `${text} ${detail}` : text;
}

function PasswordField({ value, onChange }: { value: string; onChange: (value: string) => void }) {
  const { t } = useTranslation("login");
  const [isShown, setIsShown] = useState(false);
  return (
    <div className="relative">
      <TextField
        label={t("password")}
        name="password"
        type={isShown ? "text" : "password"}
        autoComplete="current-password"
        required
        value={value}
        onChange={(event) => onChange(event.target.value)}
        className="[&_input]:pr-11"
      />
      <IconButton
        label={isShown ? t("hidePassword") : t("showPassword")}
        icon={isShown ? <EyeOff className="size-4" /> : <Eye className="size-4" />}
        className="absolute right-0 bottom-0"
        onClick={() => setIsShown(!isShown)}
      />
    </div>
  );
}

function LanguageSwitch() {
  const { t } = useTranslation("core");
  const id = useId();
  return (
    <div className="text-ink-soft flex items-center gap-2 text-sm">
      <label htmlFor={id}>{t("language")}</label>
      <select
        id={id}
        value={currentLanguage()}
        onChange={(event) => {
          const chosen = LANGUAGES.find((language) => language === event.target.value);
          if (chosen) void changeLanguage(chosen);
        }}
        className="border-line-strong bg-surface text-ink min-h-10 rounded-lg border px-2"
      >
        {LANGUAGES.map((language) => (
          <option key={language} value={language}>
            {LANGUAGE_NAMES[language]}
          </option>
        ))}
      </select>
    </div>
  );
}
