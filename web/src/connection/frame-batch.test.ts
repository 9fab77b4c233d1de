import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { FrameBatch } from "@/connection/frame-batch";

const FRAME_MS = 17;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] });
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

/** A browser that draws frames, or none where it is hidden. */
function drawing(isHidden = false): void {
  vi.stubGlobal("requestAnimationFrame", (callback: () => void) =>
    isHidden ? 0 : Number(setTimeout(callback, FRAME_MS)),
  );
  vi.stubGlobal("cancelAnimationFrame", (id: number) => clearTimeout(id));
}

test("a job asked for many times is done once a frame", () => {
  drawing();
  const batch = new FrameBatch();
  const job = vi.fn(() => false);
  for (let time = 0; time < 100; time++) batch.add(job);
  expect(job).not.toHaveBeenCalled();
  vi.advanceTimersByTime(FRAME_MS);
  expect(job).toHaveBeenCalledTimes(1);
  vi.advanceTimersByTime(1000);
  expect(job).toHaveBeenCalledTimes(1);
});

test("a job that has more to do goes on in the next frames", () => {
  drawing();
  const batch = new FrameBatch();
  let left = 3;
  batch.add(() => --left > 0);
  vi.advanceTimersByTime(FRAME_MS);
  expect(left).toBe(2);
  vi.advanceTimersByTime(10 * FRAME_MS);
  expect(left).toBe(0);
});

test("a hidden page, which draws nothing, goes on all the same", () => {
  drawing(true);
  const job = vi.fn(() => false);
  new FrameBatch().add(job);
  vi.advanceTimersByTime(300);
  expect(job).toHaveBeenCalledTimes(1);
});

test("after a frame that took long the page rests for as long", () => {
  drawing();
  const batch = new FrameBatch();
  const at: number[] = [];
  const job = () => {
    at.push(performance.now());
    vi.advanceTimersByTime(60);
    return at.length < 2;
  };
  batch.add(job);
  vi.advanceTimersByTime(1000);
  expect((at[1] ?? 0) - (at[0] ?? 0)).toBeGreaterThanOrEqual(120);
});
