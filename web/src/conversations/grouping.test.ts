import { expect, it } from "vitest";
import { groupByDay } from "./grouping";

const at = (date: Date): { updated_at: string } => ({ updated_at: date.toISOString() });

it("conversations are grouped by the reader's own days", () => {
  const now = new Date(2026, 2, 1, 0, 30); // half an hour into March: yesterday is in February
  const items = [
    at(new Date(2026, 2, 1, 0, 10)),
    at(new Date(2026, 1, 28, 23, 59)),
    at(new Date(2026, 1, 28, 0, 0)),
    at(new Date(2026, 1, 27, 23, 59)),
  ];
  expect(groupByDay(items, now)).toEqual([
    { group: "today", items: items.slice(0, 1) },
    { group: "yesterday", items: items.slice(1, 3) },
    { group: "earlier", items: items.slice(3) },
  ]);
});

it("a clock that is a little behind the server's puts nothing into the future", () => {
  const now = new Date(2026, 2, 1, 12, 0);
  expect(groupByDay([at(new Date(2026, 2, 1, 12, 5))], now)[0]?.group).toBe("today");
});

it("there are no empty groups", () => {
  expect(groupByDay([], new Date())).toEqual([]);
});
