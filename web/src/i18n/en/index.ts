/** All rooms' words of this language, by the room's name. */
const files = import.meta.glob<object>("./*.json", { eager: true, import: "default" });

export const words: Record<string, object> = Object.fromEntries(
  Object.entries(files).map(([path, texts]) => [path.slice("./".length, -".json".length), texts]),
);
