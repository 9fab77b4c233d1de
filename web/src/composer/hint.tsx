import { useTranslation } from "react-i18next";
import { classes } from "@/ui";
import { promptFill, promptProblem } from "./prompt";
import type { Way } from "./send-controls";
import type { Choices } from "./use-choices";

const NEARLY_FULL = 0.8;

interface Props {
  id: string;
  text: string;
  /** What sending does with a turn under way; null where none is. */
  way: Way | null;
  choices: Choices;
  isUploading: boolean;
}

/** One line below the message box: what will happen to the message, or why it cannot be sent. */
export function Hint({ id, text, way, choices, isUploading }: Props) {
  const { t } = useTranslation("chat");
  const problem = promptProblem(text);
  const isBad = problem === "tooLong" || problem === "nul";
  const fill = promptFill(text);
  const words = (): string => {
    if (isBad) return t(`prompt.${problem}`, { percent: Math.ceil(fill * 100) });
    if (fill > NEARLY_FULL) return t("prompt.nearlyFull", { percent: Math.floor(fill * 100) });
    if (isUploading) return t("hint.uploading");
    return useless(choices) ?? (way !== null && problem === null ? t(`hint.${way}`) : null) ?? t("hint.keys");
  };
  const useless = ({ device }: Choices): string | null => {
    if (device?.status === "offline") return t("hint.offline", { device: device.name });
    if (device?.status !== "busy" || way === "now") return null;
    return device.queued === 0
      ? t("hint.busy", { device: device.name })
      : t("hint.busyBehind", { device: device.name, count: device.queued });
  };
  const isKeys = !isBad && words() === t("hint.keys");
  return (
    <p
      id={id}
      className={classes(
        "min-h-5 px-2 pt-1.5 text-center text-xs text-balance",
        isBad ? "text-bad" : "text-ink-soft",
        // Touch keyboards have no Shift-Enter to tell of.
        isKeys && "max-md:hidden pointer-coarse:invisible",
      )}
    >
      {words()}
    </p>
  );
}
