// @vitest-environment jsdom
import { cleanup, screen } from "@testing-library/react";
import { afterEach, expect, test } from "vitest";
import CellOutput from "@/stream/cell-output";
import { rendered } from "@/stream/rendered.test-support";

afterEach(cleanup);

function shown(output: Record<string, unknown>): HTMLElement {
  return rendered(<CellOutput output={output} name="o" />).container;
}

test("HTML has a frame that may do nothing, and no script of it is in this page", () => {
  const html = "<table><tr><td>1</td></tr></table><script>parent.alert(1)</script>";
  const page = shown({ output_type: "execute_result", data: { "text/html": html, "text/plain": "1" } });
  const frame = screen.getByTitle("HTML output");
  expect(frame.getAttribute("sandbox")).toBe("");
  expect(frame.getAttribute("srcdoc")).toContain("default-src 'none'");
  expect(page.querySelector("script, table")).toBeNull();
});

test("an SVG is an image, so its scripts cannot run", () => {
  const svg = ["<svg xmlns='http://www.w3.org/2000/svg'>", "<script>alert(1)</script></svg>"];
  const page = shown({ output_type: "display_data", data: { "image/svg+xml": svg, "text/plain": "<Figure>" } });
  expect(page.querySelector("svg, script")).toBeNull();
  expect(screen.getByAltText<HTMLImageElement>("<Figure>").src).toMatch(/^data:image\/svg\+xml/);
});

test("a traceback keeps its colours", () => {
  const page = shown({
    output_type: "error",
    ename: "ValueError",
    evalue: "no",
    traceback: ["\x1b[31mValueError\x1b[0m: no"],
  });
  expect(screen.getByText("ValueError: no", { selector: "p" })).toBeTruthy();
  expect(page.querySelector(".ansi-red")?.textContent).toBe("ValueError");
});

test("what cannot be shown is named", () => {
  shown({ output_type: "display_data", data: { "application/vnd.widget": {} } });
  expect(screen.getByText(/application\/vnd\.widget/)).toBeTruthy();
});
