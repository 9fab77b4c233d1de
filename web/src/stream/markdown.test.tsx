// @vitest-environment jsdom
import { cleanup, screen } from "@testing-library/react";
import { afterEach, expect, test } from "vitest";
import { Markdown } from "@/stream/markdown";
import { rendered } from "@/stream/rendered.test-support";

afterEach(cleanup);

function shown(text: string): HTMLElement {
  return rendered(<Markdown text={text} id="b1" isFinal />).container;
}

test("raw HTML is text and makes no element", () => {
  const page = shown(
    'before <img src=x onerror="alert(1)"> <script>alert(1)</script>\n\n<iframe src="https://a.b"></iframe>',
  );
  expect(page.querySelector("img, script, iframe")).toBeNull();
  expect(page.textContent).toContain("<script>alert(1)</script>");
  expect(page.textContent).toContain("<iframe");
});

test.each([
  "javascript:alert(1)",
  "JaVaScRiPt:alert(1)",
  "vbscript:x",
  "data:text/html,<script>alert(1)</script>",
  "file:///etc/passwd",
  "src/app.py",
  "//evil.example/x",
])("a link to %s leads nowhere", (address) => {
  const page = shown(`[words](<${address}>)`);
  expect(page.querySelector("a")).toBeNull();
  expect(page.textContent).toContain("words");
});

test("a link leads outside in a new tab that knows nothing of this one", () => {
  shown("[docs](https://example.com/a)");
  const link = screen.getByRole("link", { name: "docs" });
  expect(link.getAttribute("href")).toBe("https://example.com/a");
  expect(link.getAttribute("rel")).toBe("noopener noreferrer");
  expect(link.getAttribute("target")).toBe("_blank");
});

test("an image from elsewhere is not loaded but linked", () => {
  const page = shown("![diagram](https://evil.example/x.png?secret=1)");
  expect(page.querySelector("img")).toBeNull();
  expect(screen.getByRole("link", { name: "diagram" }).getAttribute("href")).toContain("evil.example");
});

test("an image that comes with the text is shown; one with a script as its address is not", () => {
  const page = shown("![dot](data:image/png;base64,AAAA) ![bad](javascript:alert(1)) ![me](/auth/me)");
  expect([...page.querySelectorAll("img")].map((image) => image.src)).toEqual(["data:image/png;base64,AAAA"]);
});

test("footnotes of two blocks do not share their ids", () => {
  const page = rendered(
    <>
      <Markdown text={"one[^1]\n\n[^1]: first"} id="b1" isFinal />
      <Markdown text={"two[^1]\n\n[^1]: second"} id="b2" isFinal />
    </>,
  ).container;
  const ids = [...page.querySelectorAll("[id]")].map((element) => element.id).filter((id) => id.includes("fn"));
  expect(new Set(ids).size).toBe(ids.length);
  expect(page.querySelector('a[href="#b2-fn-1"]')).not.toBeNull();
});

test("code keeps its text, says its language, and gets its colours", async () => {
  const page = shown("```python\nprint('<b>')\n```");
  expect(page.querySelector("code")?.textContent).toBe("print('<b>')");
  expect(screen.getByText("python")).toBeTruthy();
  expect((await screen.findByText("'<b>'", {}, { timeout: 5000 })).className).toBe("hljs-string");
});
