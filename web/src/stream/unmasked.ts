/**
 * What a person has to judge, without characters that make it look like something else.
 *
 * A change of direction makes a command read backwards ("Trojan Source", CVE-2021-42574), a carriage return or an escape
 * hides a part of it, and tag characters are not seen at all: each is shown by its number.
 */
// eslint-disable-next-line no-control-regex -- they are what is looked for
const MASKS = /\r(?!\n)|[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\u{e0000}-\u{e007f}]/gu;

export function unmasked(text: string): string {
  return text.replace(MASKS, (each) => {
    const number = each.codePointAt(0) ?? 0;
    return `⟨U+${number.toString(16).toUpperCase().padStart(4, "0")}⟩`;
  });
}
