import { afterEach, expect, test, vi } from "vitest";
import { Standings } from "@/connection/standings";
import type { State, SubtaskState } from "@/protocol/wire";

function state(subtask_id: string, now: State, rev: number, task_id = "t"): SubtaskState {
  return { task_id, subtask_id, state: now, device_id: "d", rev };
}

afterEach(() => {
  vi.unstubAllGlobals();
});

/** The REST API knows these turns; others are not found. */
function answering(turns: Record<string, State>): void {
  vi.stubGlobal("fetch", (path: string) => {
    const found = turns[path.slice("/subtasks/".length)];
    const body = found
      ? { state: found, device_id: "d", queue_position: null }
      : { code: "not_found", detail: "" };
    return Promise.resolve(Response.json(body, { status: found ? 200 : 404 }));
  });
}

test("a lower revision than one seen is old", () => {
  const standings = new Standings();
  expect(standings.take(state("a", "running", 5))).toBe(true);
  expect(standings.take(state("a", "queued", 4))).toBe(false);
  expect(standings.bySubtask.get("a")?.state).toBe("running");
});

test("the first end wins", () => {
  const standings = new Standings();
  standings.take(state("a", "running", 1));
  expect(standings.end({ subtask_id: "a", seq: 3, state: "completed" })).toBe(true);
  expect(standings.take(state("a", "running", 2))).toBe(false);
  expect(standings.bySubtask.get("a")?.state).toBe("completed");
});

test("the turn that runs speaks for its conversation, then one that waits, then the last to change", () => {
  const standings = new Standings();
  standings.take(state("a", "completed", 1));
  standings.take(state("c", "queued", 2));
  standings.take(state("b", "running", 1));
  expect(standings.byTask.get("t")?.subtask_id).toBe("b");
  standings.take(state("b", "completed", 3));
  expect(standings.byTask.get("t")?.subtask_id).toBe("c");
  standings.take(state("c", "failed", 4));
  expect(standings.byTask.get("t")?.subtask_id).toBe("c");
});

test("the map is a new one when something changed, and the same otherwise", () => {
  const standings = new Standings();
  standings.take(state("a", "running", 2));
  const before = standings.byTask;
  standings.take(state("a", "running", 1));
  expect(standings.byTask).toBe(before);
  standings.take(state("a", "cancelling", 3));
  expect(standings.byTask).not.toBe(before);
});

test("what ended while the connection was away is asked for, and what was told is not", async () => {
  const standings = new Standings();
  for (const id of ["ended", "gone", "told"]) standings.take(state(id, "running", 1, id));
  answering({ ended: "failed", told: "completed" });
  standings.beginComparison();
  standings.take(state("told", "running", 1, "told"));
  const news: string[] = [];
  await standings.compare((one) => news.push(one.subtask_id));
  expect(news).toEqual(["ended"]);
  expect(standings.byTask.get("ended")?.state).toBe("failed");
  expect(standings.byTask.has("gone")).toBe(false);
  expect(standings.byTask.get("told")?.state).toBe("running");
});
