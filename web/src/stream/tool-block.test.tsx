// @vitest-environment jsdom
import { cleanup, fireEvent, screen } from "@testing-library/react";
import { afterEach, expect, test } from "vitest";
import { rendered } from "@/stream/rendered.test-support";
import { ToolBlock } from "@/stream/tool-block";
import type { ToolBlock as ToolBlockData } from "@/transcript/blocks";

afterEach(cleanup);

function call(changes: Partial<ToolBlockData>): ToolBlockData {
  return {
    id: "b1",
    kind: "tool",
    toolId: "t1",
    name: "Bash",
    input: { command: "pytest -q" },
    result: null,
    diffs: [],
    approval: null,
    ...changes,
  };
}

function card(): HTMLElement {
  return screen.getAllByRole("button")[0] as HTMLElement;
}

test("one line says the tool and what it does, and that it runs", () => {
  rendered(<ToolBlock block={call({})} />);
  expect(card().textContent).toBe("Bashpytest -qRunning");
  expect(card().getAttribute("aria-expanded")).toBe("false");
});

test("a failed one says so in words, is open, and shows its output as text", () => {
  const content = "\x1b[31mFAILED\x1b[0m <script>alert(1)</script>";
  const { container } = rendered(
    <ToolBlock block={call({ result: { content, isError: true, seconds: 1.26 } })} />,
  );
  expect(card().textContent).toContain("Failed1.3s");
  expect(screen.getByRole("region", { name: "Output" }).textContent).toContain("<script>alert(1)</script>");
  expect(container.querySelector(".ansi-red")?.textContent).toBe("FAILED");
  expect(container.querySelector("script")).toBeNull();
});

test("a finished one opens by click", () => {
  rendered(<ToolBlock block={call({ result: { content: "3 passed", isError: false, seconds: null } })} />);
  expect(screen.queryByText("3 passed")).toBeNull();
  fireEvent.click(card());
  expect(screen.getByText("3 passed")).toBeTruthy();
});

test("what had not ended when the turn did says so", () => {
  rendered(<ToolBlock block={call({})} />, () => Promise.resolve(), true);
  expect(card().textContent).toContain("Not finished");
});

test("a tool that nobody knows shows its input field by field", () => {
  const input = { owner: "acme", filter: { open: true } };
  rendered(
    <ToolBlock
      block={call({
        name: "mcp__github__list_issues",
        input,
        result: { content: null, isError: false, seconds: 0 },
      })}
    />,
  );
  expect(card().textContent).toContain("github · list issues");
  fireEvent.click(card());
  expect(screen.getByText("acme", { selector: "dd" })).toBeTruthy();
  expect(screen.getByText("No output")).toBeTruthy();
});

test("a subagent in the background runs until it has reported, and its report is what opens", () => {
  const launched = { content: "launched", isError: false, seconds: 0.1 };
  const agent = { status: "started", text: "", seconds: null };
  const { again } = rendered(<ToolBlock block={call({ name: "Task", result: launched, agent })} />);
  expect(card().textContent).toContain("Running");
  const done = { status: "completed", text: "I **found** it.", seconds: 2.5 };
  again(<ToolBlock block={call({ name: "Task", result: launched, agent: done })} />);
  expect(card().textContent).toContain("2.5s");
  fireEvent.click(card());
  expect(screen.getByRole("region", { name: "Report" }).textContent).toContain("I found it.");
  expect(screen.queryByText("launched")).toBeNull();
});
