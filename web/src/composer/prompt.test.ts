import { describe, expect, it } from "vitest";
import { MAX_PROMPT } from "@/protocol/wire";
import { MAX_BYTES, promptFill, promptProblem } from "./prompt";

describe("a prompt", () => {
  it("is more than white space", () => {
    expect(promptProblem(" \n\t")).toBe("empty");
    expect(promptProblem("x")).toBeNull();
  });

  it("may have as many characters as the server takes", () => {
    expect(promptProblem("a".repeat(MAX_PROMPT))).toBeNull();
    expect(promptProblem("a".repeat(MAX_PROMPT + 1))).toBe("tooLong");
  });

  it("is measured in bytes too", () => {
    expect(promptProblem("中".repeat(Math.floor((MAX_BYTES - 2) / 3)))).toBeNull();
    expect(promptProblem("中".repeat(Math.ceil(MAX_BYTES / 3)))).toBe("tooLong");
    expect(promptProblem("\u0001".repeat(120_000))).toBe("tooLong");
  });

  it("has no NUL", () => expect(promptProblem("a\0b")).toBe("nul"));

  it("tells how much of the limit it uses once that matters", () => {
    expect(promptFill("short")).toBe(0);
    expect(promptFill("a".repeat(MAX_PROMPT))).toBe(1);
  });
});
