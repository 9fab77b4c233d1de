import { ApiError } from "@/connection/rest";
import { useErrorText } from "@/i18n/use-error-text";

/** Codes that say little by themselves: the server's own words tell what it was. */
const VAGUE = new Set(["bad_message", "forbidden", "conflict"]);

/** Gives what a failed request says to a person, in one text. */
export function useFailureText(): (error: unknown) => string {
  const errorText = useErrorText();
  return (error) => {
    const { text, detail } = errorText(error);
    return error instanceof ApiError && VAGUE.has(error.code) && detail ? `${text} (${detail})` : text;
  };
}
