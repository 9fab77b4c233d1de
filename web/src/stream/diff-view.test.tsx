// @vitest-environment jsdom
import { cleanup, fireEvent, screen } from "@testing-library/react";
import { afterEach, expect, test } from "vitest";
import { DiffView } from "@/stream/diff-view";
import { BlockContext, type Memory, MemoryContext } from "@/stream/memory";
import { rendered } from "@/stream/rendered.test-support";

afterEach(cleanup);

function patch(lines: number): string {
  const body = Array.from({ length: lines }, (_, index) => `+line ${index}`).join("\n");
  return `--- /dev/null\n+++ b/x\n@@ -0,0 +1,${lines} @@\n${body}\n`;
}

test("a change is told by sign and word, not by colour alone", () => {
  rendered(<DiffView path="src/x.py" patch={"--- a/x\n+++ b/x\n@@ -1,1 +1,1 @@\n-old\n+new\n"} />);
  expect(screen.getByText("1 added, 1 removed")).toBeTruthy();
  expect(screen.getByText("removed:").parentElement?.textContent).toContain("−");
  expect(screen.getByText("added:").parentElement?.textContent).toContain("+");
});

test("a long one is folded, opens, and is still open when it comes back into the page", () => {
  const memory: Memory = new Map();
  const view = (
    <MemoryContext value={memory}>
      <BlockContext value="b1">
        <DiffView path="x" patch={patch(100)} />
      </BlockContext>
    </MemoryContext>
  );
  const { unmount } = rendered(view);
  expect(screen.queryByText("line 99")).toBeNull();
  fireEvent.click(screen.getByRole("button", { name: "Show all 101 lines" }));
  expect(screen.getByText("line 99")).toBeTruthy();
  unmount();
  rendered(view);
  expect(screen.getByText("line 99")).toBeTruthy();
  expect(screen.getByRole("button", { name: "Show less" }).getAttribute("aria-expanded")).toBe("true");
});
