import { useTranslation } from "react-i18next";

/** What happened, in the reader's language, and the server's own words about it where they say more. */
export interface ErrorText {
  readonly text: string;
  readonly detail: string;
}

/** A function that puts an error of the API or of a subtask into words. */
export function useErrorText(): (error: unknown) => ErrorText {
  const { t } = useTranslation("core");
  return (error) => {
    const { code, message } = error as { code?: unknown; message?: unknown };
    const known = typeof code === "string" ? code : "unknown";
    const detail = typeof message === "string" ? message : "";
    return { text: t([`errors.${known}`, "errors.unknown"], { code: known }), detail };
  };
}
