import { ArrowUp, ChevronDown, Square } from "lucide-react";
import { useTranslation } from "react-i18next";
import { classes, IconButton, Menu, MenuChoices, MenuLabel, Spinner } from "@/ui";

/** What sending does while a turn runs: hand the message to it, or begin the next turn with it. */
export type Way = "now" | "next";

interface SendProps {
  way: Way;
  /** Whether there is a choice of ways. */
  isChoosable: boolean;
  isDisabled: boolean;
  isBusy: boolean;
  onWay: (way: Way) => void;
}

/** The button that sends, and beside it, while a turn runs that takes them, how. */
export function SendButton({ way, isChoosable, isDisabled, isBusy, onWay }: SendProps) {
  const { t } = useTranslation("chat");
  const label = isChoosable ? t(`send.${way}`) : t("send.send");
  return (
    <span className="inline-flex">
      <IconButton
        type="submit"
        variant="primary"
        label={label}
        disabled={isDisabled}
        aria-busy={isBusy || undefined}
        icon={isBusy ? <Spinner /> : <ArrowUp className="size-5" />}
        className={classes(isChoosable && "rounded-r-none")}
      />
      {isChoosable && (
        <Menu
          side="top"
          align="end"
          className="w-80"
          trigger={
            <button
              type="button"
              aria-label={t("send.choose")}
              title={t("send.choose")}
              className="bg-accent text-accent-ink border-accent-ink/25 inline-flex min-h-10 w-8 items-center justify-center rounded-r-lg border-l hover:opacity-90"
            >
              <ChevronDown aria-hidden="true" className="size-4" />
            </button>
          }
        >
          <MenuLabel>{t("send.title")}</MenuLabel>
          <MenuChoices<Way>
            value={way}
            onChange={onWay}
            choices={(["now", "next"] as const).map((one) => ({
              value: one,
              label: (
                <span className="flex flex-col">
                  <span>{t(`send.${one}`)}</span>
                  <span className="text-ink-soft text-xs whitespace-normal">{t(`send.${one}About`)}</span>
                </span>
              ),
            }))}
          />
        </Menu>
      )}
    </span>
  );
}

/** Stops what runs; says so until that is confirmed. */
export function StopButton({ isStopping, onStop }: { isStopping: boolean; onStop: () => void }) {
  const { t } = useTranslation("chat");
  return (
    <button
      type="button"
      disabled={isStopping}
      onClick={onStop}
      className={classes(
        "border-line bg-surface text-ink hover:bg-bad-soft hover:text-bad inline-flex min-h-10 items-center gap-2 rounded-lg border",
        "px-3 text-sm font-medium transition-colors disabled:cursor-default",
      )}
    >
      {isStopping ? <Spinner /> : <Square aria-hidden="true" className="size-3.5 fill-current" />}
      {isStopping ? t("stop.stopping") : t("stop.stop")}
    </button>
  );
}
