// @vitest-environment jsdom
import { act, renderHook } from "@testing-library/react";
import { beforeEach, expect, test, vi } from "vitest";
import { applyTheme, useTheme } from "./theme";

let isSystemDark = false;
let tellSystemChanged: () => void = () => undefined;

beforeEach(() => {
  localStorage.clear();
  isSystemDark = false;
  // jsdom knows no media queries.
  vi.stubGlobal("matchMedia", () => ({
    get matches() {
      return isSystemDark;
    },
    addEventListener: (_: string, listener: () => void) => (tellSystemChanged = listener),
  }));
});

function isDark(): boolean {
  return document.documentElement.classList.contains("dark");
}

test("a chosen theme is shown and remembered", () => {
  applyTheme("dark");
  expect(isDark()).toBe(true);
  expect(localStorage.getItem("wegent.theme")).toBe("dark");
  applyTheme("light");
  expect(isDark()).toBe(false);
});

test("without a choice the page follows the system, also when that changes", () => {
  applyTheme("system");
  expect(isDark()).toBe(false);
  isSystemDark = true;
  tellSystemChanged();
  expect(isDark()).toBe(true);
});

test("a choice made in another tab is shown here", () => {
  applyTheme("light");
  const { result } = renderHook(useTheme);
  act(() => {
    localStorage.setItem("wegent.theme", "dark");
    dispatchEvent(new StorageEvent("storage", { key: "wegent.theme" }));
  });
  expect(isDark()).toBe(true);
  expect(result.current.theme).toBe("dark");
});

test("what is stored and unknown counts as the system's", () => {
  localStorage.setItem("wegent.theme", "sepia");
  applyTheme();
  expect(renderHook(useTheme).result.current.theme).toBe("system");
});
