/** Letters and digits in the code that a computer shows while it waits to be approved. */
const LENGTH = 8;
const HALF = LENGTH / 2;

/** Brings what was typed or pasted into the form `XXXX-XXXX`, as far as it goes. */
export function formatUserCode(typed: string): string {
  const letters = typed
    .normalize("NFKC")
    .toUpperCase()
    .replace(/[^A-Z0-9]/g, "")
    .slice(0, LENGTH);
  return letters.length > HALF ? `${letters.slice(0, HALF)}-${letters.slice(HALF)}` : letters;
}

export function isCompleteUserCode(code: string): boolean {
  return formatUserCode(code).length === LENGTH + 1;
}

/** Minutes and seconds until `end`, as `9:05`; `0:00` when it is over. */
export function timeLeft(end: string, now: number): string {
  const seconds = Math.max(0, Math.floor((Date.parse(end) - now) / 1000));
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
}
