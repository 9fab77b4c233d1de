const UNITS = ["byte", "kilobyte", "megabyte", "gigabyte"] as const;

/** Return a size as people read it: `812 byte`, `1.2 MB`. */
export function fileSize(bytes: number, language: string): string {
  const level = Math.min(bytes > 0 ? Math.floor(Math.log10(bytes) / 3) : 0, UNITS.length - 1);
  return new Intl.NumberFormat(language, {
    style: "unit",
    unit: UNITS[level] ?? "byte",
    unitDisplay: "short",
    maximumFractionDigits: level === 0 ? 0 : 1,
  }).format(bytes / 1000 ** level);
}
