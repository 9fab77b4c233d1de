import { expect, it } from "vitest";
import { MemoryStorage } from "@/composer/memory-storage";
import { Quiet } from "./quiet";

it("silence is counted from the newest output, also over a reload", () => {
  const storage = new MemoryStorage();
  let now = 1000;
  const quiet = new Quiet(storage, () => now);
  quiet.hear("s", 0);
  now = 2000;
  quiet.hear("s", 5);
  now = 3000;
  quiet.hear("s", 5);
  expect(quiet.since("s", 5)).toBe(2000);
  expect(new Quiet(storage).since("s", 5)).toBe(2000);
  expect(new Quiet(storage).since("s", 6)).toBeNull();
});

it("while a transcript is loaded again its first numbers are no news", () => {
  const storage = new MemoryStorage();
  new Quiet(storage, () => 1000).hear("s", 50);
  new Quiet(storage, () => 5000).hear("s", 10);
  expect(new Quiet(storage).since("s", 50)).toBe(1000);
});

it("turns are counted apart, and forgotten", () => {
  const storage = new MemoryStorage();
  const quiet = new Quiet(storage, () => 1);
  quiet.hear("a", 1);
  quiet.hear("b", 1);
  quiet.forget("a");
  expect(storage.length).toBe(1);
});
