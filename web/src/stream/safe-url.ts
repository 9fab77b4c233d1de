/**
 * Which addresses of what a model or a notebook wrote may be followed or loaded.
 *
 * Links lead outside, by http(s) or mail, or to a footnote of the same text. Images come from the text itself: to load
 * one from elsewhere would tell its server that, when and from where somebody reads.
 */
const LINK = /^(https?:\/\/|mailto:)/i;
const FOOTNOTE = /^#[\w-]*fn(ref)?-/;
const IMAGE = /^data:image\/(png|jpe?g|gif|webp|avif|svg\+xml)[;,]/i;

/** Return the address of a link, or null where it must not lead anywhere. */
export function linkTarget(address: string | undefined): string | null {
  const trimmed = address?.trim() ?? "";
  return LINK.test(trimmed) || FOOTNOTE.test(trimmed) ? trimmed : null;
}

/** Return the address of an image that may be loaded, or null. */
export function imageSource(address: string | undefined): string | null {
  const trimmed = address?.trim() ?? "";
  return IMAGE.test(trimmed) || isOwnFile(trimmed) ? trimmed : null;
}

/** Tell whether it is a file that this server keeps; other paths of this origin are not images. */
function isOwnFile(address: string): boolean {
  return /^\/files\/[A-Za-z0-9_-]+$/.test(address);
}
