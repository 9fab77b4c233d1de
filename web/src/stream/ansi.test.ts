import { expect, test } from "vitest";
import { AnsiReader, plainOutput } from "@/stream/ansi";

function read(text: string) {
  return new AnsiReader().read(text);
}

test("the 16 colours have names, the others are given as they are", () => {
  const [red, bright, palette, grey, exact] = read(
    "\x1b[31ma\x1b[0;92mb\x1b[0;38;5;208mc\x1b[0;38;5;240md\x1b[0;48;2;1;2;3me",
  );
  expect(red).toEqual({ text: "a", classes: "ansi-red", color: null, background: null });
  expect(bright?.classes).toBe("ansi-bright-green");
  expect(palette?.color).toBe("rgb(255, 135, 0)");
  expect(grey?.color).toBe("rgb(88, 88, 88)");
  expect(exact?.background).toBe("rgb(1, 2, 3)");
});

test("a style that is set later does not reach back", () => {
  const [bold, both] = read("\x1b[1mbold\x1b[4mboth");
  expect(bold?.classes).toBe("ansi-bold");
  expect(both?.classes).toBe("ansi-bold ansi-underline");
});

test("a colour holds in the next piece, until it ends", () => {
  const reader = new AnsiReader();
  reader.read("\x1b[33mbegin");
  expect(reader.read(" goes on")[0]).toMatchObject({ text: " goes on", classes: "ansi-yellow" });
  expect(reader.read("\x1b[0mend")[0]?.classes).toBe("");
});

test("a colour survives an escape that sets none", () => {
  const spans = read("\x1b[31ma\x1b[2Kb");
  expect(spans.map((span) => span.text).join("")).toBe("ab");
  expect(spans.every((span) => span.classes === "ansi-red")).toBe(true);
});

test("sub-parameters with colons are understood", () => {
  expect(read("\x1b[38:2::10:20:30mx")[0]?.color).toBe("rgb(10, 20, 30)");
});

test.each([
  ["titles", "\x1b]0;title\x07text", "text"],
  ["links", "\x1b]8;;https://a.b\x1b\\text\x1b]8;;\x1b\\", "text"],
  ["cursor movements", "\x1b[2J\x1b[1;1Htext\x1b[?25l", "text"],
  ["bells and other controls", "a\x07\x08b\x00", "ab"],
  ["escapes that are cut off", "text\x1b", "text"],
])("%s leave nothing behind", (_, output, text) => {
  expect(plainOutput(output)).toBe(text);
});

test("tags stay text", () => {
  expect(plainOutput("<img src=x onerror=alert(1)>")).toBe("<img src=x onerror=alert(1)>");
});
