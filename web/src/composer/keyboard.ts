/** What a key pressed in the message box means. */

/** The parts of a keydown event that decide. */
export interface Pressed {
  readonly key: string;
  readonly keyCode: number;
  readonly isComposing: boolean;
  readonly shiftKey: boolean;
  readonly altKey: boolean;
  readonly ctrlKey: boolean;
  readonly metaKey: boolean;
}

/** The code that browsers give every key while an input method composes, Safari also the Enter that ends it. */
const COMPOSING = 229;

/**
 * Whether the key sends the message: Enter alone, or with Ctrl or Cmd. Shift or Alt with it begins a new line, and
 * the Enter that takes over a composed word (Chinese, Japanese, Korean) only does that.
 */
export function isSendKey(pressed: Pressed): boolean {
  if (pressed.key !== "Enter" || pressed.shiftKey || pressed.altKey) return false;
  return !pressed.isComposing && pressed.keyCode !== COMPOSING;
}
