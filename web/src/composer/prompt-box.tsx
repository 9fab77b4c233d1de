import { useLayoutEffect, useRef, type ClipboardEvent, type KeyboardEvent, type RefObject } from "react";
import { useTranslation } from "react-i18next";
import { isSendKey } from "./keyboard";

/** The message box's id, for the label, and for those who give it the focus. */
export const PROMPT_ID = "wegent-message";

interface Props {
  value: string;
  onChange: (text: string) => void;
  onSend: () => void;
  /** Files that were pasted. */
  onFiles: (files: readonly File[]) => void;
  placeholder: string;
  isInvalid: boolean;
  describedBy: string;
}

/** Where the message is written: grows with its text up to two fifths of the window, then scrolls. */
export function PromptBox({ value, onChange, onSend, onFiles, placeholder, isInvalid, describedBy }: Props) {
  const { t } = useTranslation("chat");
  const box = useRef<HTMLTextAreaElement>(null);
  useGrowing(box, value);

  const press = (event: KeyboardEvent<HTMLTextAreaElement>): void => {
    if (!isSendKey({ ...keyOf(event), isComposing: event.nativeEvent.isComposing })) return;
    event.preventDefault();
    if (!event.repeat) onSend();
  };
  const paste = (event: ClipboardEvent): void => {
    const files = [...event.clipboardData.files];
    // Text copied from an office program comes with a picture of itself: then the text is meant.
    if (files.length === 0 || event.clipboardData.types.includes("text/plain")) return;
    event.preventDefault();
    onFiles(files);
  };

  return (
    <textarea
      ref={box}
      id={PROMPT_ID}
      rows={1}
      dir="auto"
      value={value}
      onChange={(event) => onChange(event.target.value)}
      onKeyDown={press}
      onPaste={paste}
      placeholder={placeholder}
      aria-label={t("composer.label")}
      aria-invalid={isInvalid || undefined}
      aria-describedby={describedBy}
      enterKeyHint="send"
      className="text-ink placeholder:text-ink-soft block max-h-[40dvh] min-h-13 w-full resize-none bg-transparent px-4 pt-3.5 pb-2 text-base leading-6 outline-none"
    />
  );
}

function keyOf(event: KeyboardEvent) {
  const { key, shiftKey, altKey, ctrlKey, metaKey } = event;
  // Deprecated, and the only sign of a composing Enter that Safari gives.
  // eslint-disable-next-line @typescript-eslint/no-deprecated
  const { keyCode } = event;
  return { key, keyCode, shiftKey, altKey, ctrlKey, metaKey };
}

function useGrowing(box: RefObject<HTMLTextAreaElement | null>, value: string): void {
  useLayoutEffect(() => {
    const fit = (): void => {
      if (box.current !== null) grow(box.current);
    };
    fit();
    addEventListener("resize", fit);
    return () => removeEventListener("resize", fit);
  }, [box, value]);
}

function grow(area: HTMLTextAreaElement): void {
  area.style.height = "auto";
  area.style.height = `${area.scrollHeight}px`;
  area.style.overflowY = area.scrollHeight > area.clientHeight + 1 ? "auto" : "hidden";
}

/** Give the message box the focus, its caret at the end. */
export function focusPrompt(): void {
  const area = document.getElementById(PROMPT_ID);
  if (!(area instanceof HTMLTextAreaElement)) return;
  area.focus();
  area.setSelectionRange(area.value.length, area.value.length);
}
