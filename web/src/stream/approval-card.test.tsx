// @vitest-environment jsdom
import { cleanup, fireEvent, screen, waitFor } from "@testing-library/react";
import { afterEach, expect, test } from "vitest";
import { ApiError } from "@/connection/rest";
import { ApprovalCard } from "@/stream/approval-card";
import { rendered } from "@/stream/rendered.test-support";
import type { ApprovalState } from "@/transcript/blocks";

afterEach(cleanup);

function question(id: string, done: ApprovalState["done"] = null): ApprovalState {
  const input = { command: "rm -rf build\nmake all" };
  return { asked: { type: "approval", id, tool: "Bash", input, choices: ["allow", "allow_task", "deny"] }, done };
}

test("the whole command is shown, and allowing it answers once", async () => {
  const answers: unknown[] = [];
  rendered(<ApprovalCard approval={question("q1")} />, (...answer) => {
    answers.push(answer);
    return Promise.resolve();
  });
  expect(screen.getByRole("group", { name: "Command" }).textContent).toContain("make all");
  const allow = screen.getByRole("button", { name: "Allow once" });
  fireEvent.click(allow);
  fireEvent.click(allow);
  fireEvent.click(screen.getByRole("button", { name: "Allow for this task" }));
  await waitFor(() => expect((allow as HTMLButtonElement).disabled).toBe(true));
  expect(answers).toEqual([["s1", "q1", "allow", undefined]]);
});

test("what is allowed for the task is said in full, and a question that expired says so", () => {
  const { unmount } = rendered(<ApprovalCard approval={question("q8")} />);
  expect(screen.getByText("For this task means: Bash is not asked about again, whatever its input.")).toBeTruthy();
  unmount();
  rendered(<ApprovalCard approval={question("q8", { choice: "deny", by: "the device", reason: "expired" })} />);
  expect(screen.getByText("Nobody answered in time: denied")).toBeTruthy();
  expect(screen.queryByRole("button")).toBeNull();
});

test.each([
  ["Bash", "command"],
  ["Write", "content"],
  ["WebFetch", "url"],
])("%s: nothing in what is asked looks like something else", (tool, field) => {
  const input = { [field]: "ls \u202eevil\u202c \rcat\u001b[8m\u{e0041} ok\r\nשלום 👩‍💻" };
  const asked = { type: "approval", id: `q-${tool}`, tool, input, choices: ["allow", "deny"] } as const;
  const { container } = rendered(<ApprovalCard approval={{ asked, done: null }} />);
  expect(container.textContent).toContain("ls ⟨U+202E⟩evil⟨U+202C⟩ ⟨U+000D⟩cat⟨U+001B⟩[8m⟨U+E0041⟩ ok\r\nשלום 👩‍💻");
});

test("a denial can carry a word to the model; Enter sends it, and not while composing", async () => {
  const answers: unknown[] = [];
  rendered(<ApprovalCard approval={question("q2")} />, (...answer) => {
    answers.push(answer);
    return Promise.resolve();
  });
  fireEvent.click(screen.getByRole("button", { name: "Deny" }));
  const field = screen.getByRole("textbox");
  expect(document.activeElement).toBe(field);
  fireEvent.change(field, { target: { value: "use make clean" } });
  fireEvent.keyDown(field, { key: "Enter", isComposing: true });
  expect(answers).toEqual([]);
  fireEvent.keyDown(field, { key: "Enter" });
  await waitFor(() => expect(answers).toEqual([["s1", "q2", "deny", "use make clean"]]));
});

test("an answer given elsewhere takes the buttons away, and the focus stays in the card", () => {
  const view = rendered(<ApprovalCard approval={question("q3")} />);
  screen.getByRole("button", { name: "Allow once" }).focus();
  view.again(<ApprovalCard approval={question("q3", { choice: "deny", by: "ada" })} />);
  expect(screen.queryByRole("button")).toBeNull();
  expect(screen.getByText("Denied by ada")).toBeTruthy();
  expect(view.container.firstElementChild?.contains(document.activeElement)).toBe(true);
});

test("who comes too late is told so and may not try in vain again", async () => {
  rendered(<ApprovalCard approval={question("q4")} />, () =>
    Promise.reject(new ApiError("already_answered", "Somebody else answered first.")),
  );
  fireEvent.click(screen.getByRole("button", { name: "Allow once" }));
  expect((await screen.findByRole("alert")).textContent).toContain("answered elsewhere");
});

test("a question of a turn that has ended cannot be answered", () => {
  rendered(<ApprovalCard approval={question("q5")} />, () => Promise.resolve(), true);
  expect(screen.queryByRole("button")).toBeNull();
  expect(screen.getByText("The turn ended before this was answered.")).toBeTruthy();
});
