import { describe, expect, it } from "vitest";
import { LONG_MS, occasionOf } from "./notify";

describe("a notification", () => {
  it("tells of a long turn that ended", () => {
    expect(occasionOf({ before: "running", after: "completed", ranMs: LONG_MS })).toBe("completed");
    expect(occasionOf({ before: "cancelling", after: "failed", ranMs: LONG_MS })).toBe("failed");
  });

  it("does not tell of short ones, of stops, or of what was over when the page was opened", () => {
    expect(occasionOf({ before: "running", after: "completed", ranMs: LONG_MS - 1 })).toBeNull();
    expect(occasionOf({ before: "cancelling", after: "cancelled", ranMs: LONG_MS })).toBeNull();
    expect(occasionOf({ before: undefined, after: "completed", ranMs: LONG_MS })).toBeNull();
    expect(occasionOf({ before: "queued", after: "failed", ranMs: LONG_MS })).toBeNull();
  });
});
