import { describe, expect, it } from "vitest";
import { isSendKey, type Pressed } from "./keyboard";

const ENTER: Pressed = {
  key: "Enter",
  keyCode: 13,
  isComposing: false,
  shiftKey: false,
  altKey: false,
  ctrlKey: false,
  metaKey: false,
};

describe("Enter", () => {
  it("sends alone, and with Ctrl or Cmd", () => {
    expect(isSendKey(ENTER)).toBe(true);
    expect(isSendKey({ ...ENTER, ctrlKey: true })).toBe(true);
    expect(isSendKey({ ...ENTER, metaKey: true })).toBe(true);
  });

  it("begins a new line with Shift or Alt", () => {
    expect(isSendKey({ ...ENTER, shiftKey: true })).toBe(false);
    expect(isSendKey({ ...ENTER, altKey: true })).toBe(false);
  });

  it("takes over a composed word and does not send", () => {
    expect(isSendKey({ ...ENTER, isComposing: true })).toBe(false);
    expect(isSendKey({ ...ENTER, keyCode: 229 })).toBe(false);
  });
});

it("no other key sends", () => {
  expect(isSendKey({ ...ENTER, key: "a", keyCode: 65 })).toBe(false);
});
