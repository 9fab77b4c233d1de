/** Telling apart the events that this page knows from those that it keeps as they are. */
import { EVENT_SHAPES, type Kind, type OutputEvent, type RawEvent } from "@/protocol/wire";

/** Return `event` as one that this page knows; null for one of another type, or with other fields. */
export function known(event: RawEvent): OutputEvent | null {
  if (!Object.hasOwn(EVENT_SHAPES, event.type)) return null;
  const shape: Record<string, Kind> = EVENT_SHAPES[event.type as OutputEvent["type"]];
  for (const field in shape) {
    if (!isOf(shape[field] ?? "any", event[field])) return null;
  }
  const found = event as unknown as OutputEvent;
  if (found.type === "todo" && !found.items.every(isTodoItem)) return null;
  if (found.type === "stream" && !["stdout", "stderr"].includes(found.name)) return null;
  return found;
}

function isOf(kind: Kind, value: unknown): boolean {
  switch (kind) {
    case "any":
      return value !== undefined;
    case "array":
      return Array.isArray(value);
    case "object":
      return typeof value === "object" && value !== null && !Array.isArray(value);
    default:
      return typeof value === kind;
  }
}

function isTodoItem(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return false;
  const { text, status } = value as Record<string, unknown>;
  return typeof text === "string" && typeof status === "string";
}
