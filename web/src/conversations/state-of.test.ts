import { describe, expect, it } from "vitest";
import type { State, Subtask, SubtaskState, Task } from "@/protocol/wire";
import { markOf, stateOf } from "./state-of";

function task(state: State | null, unread = false): Task {
  const last = state === null ? null : ({ subtask_id: "s1", task_id: "t", state } as Subtask);
  return { task_id: "t", title: "x", unread, last_subtask: last, created_at: "", updated_at: "" };
}

function live(state: State, subtask_id = "s1"): SubtaskState {
  return { task_id: "t", subtask_id, state, device_id: "d", rev: 1 };
}

describe("a conversation's state", () => {
  it("is what the socket told last", () => {
    expect(stateOf(task("queued"), live("running"))).toBe("running");
    expect(stateOf(task("completed"), live("running", "s2"))).toBe("running");
    expect(stateOf(task("queued"), undefined)).toBe("queued");
    expect(stateOf(task(null), undefined)).toBeNull();
  });

  it("does not come back to life", () => {
    expect(stateOf(task("failed"), live("running"))).toBe("failed");
  });
});

describe("a conversation's mark", () => {
  it("says that it runs, waits, asks, failed, or has news", () => {
    expect(markOf(task("running"), undefined)).toBe("running");
    expect(markOf(task("queued"), undefined)).toBe("queued");
    expect(markOf(task("running", true), undefined)).toBe("asking");
    expect(markOf(task("failed", true), undefined)).toBe("failed");
    expect(markOf(task("completed", true), undefined)).toBe("unread");
  });

  it("is gone once it was seen", () => {
    expect(markOf(task("completed"), undefined)).toBeNull();
    expect(markOf(task("failed"), undefined)).toBeNull();
  });
});
