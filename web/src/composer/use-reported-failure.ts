import { useErrorText } from "@/i18n/use-error-text";
import { toast } from "@/ui";

/** Says in the corner when something that was asked for failed; the failure goes on to the caller. */
export function useReportedFailure(): <T>(work: Promise<T>) => Promise<T> {
  const errorText = useErrorText();
  return (work) =>
    work.catch((error: unknown) => {
      toast(errorText(error).text, { kind: "bad" });
      throw error;
    });
}
