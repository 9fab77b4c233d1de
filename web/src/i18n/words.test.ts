import { expect, test } from "vitest";
import { words as en } from "@/i18n/en";
import { words as zh } from "@/i18n/zh";
import { ERROR_CODES } from "@/protocol/wire";

const PLURALS = /_(zero|one|two|few|many|other)$/;

/** Every key with its place, plural forms folded: languages have different ones. */
function keys(texts: object, prefix = ""): string[] {
  const found = Object.entries(texts).flatMap(([key, value]) =>
    typeof value === "object" && value !== null
      ? keys(value as object, `${prefix}${key}.`)
      : [`${prefix}${key}`.replace(PLURALS, "")],
  );
  return [...new Set(found)].sort();
}

/** Every text with its place. */
function texts(room: object, prefix = ""): [string, string][] {
  return Object.entries(room).flatMap(([key, value]): [string, string][] =>
    typeof value === "object" && value !== null
      ? texts(value as object, `${prefix}${key}.`)
      : [[`${prefix}${key}`, String(value)]],
  );
}

function placeholders(text: string): string[] {
  return [...new Set(text.match(/\{\{\s*\w+/g) ?? [])].sort();
}

test("both languages have the same rooms", () => {
  expect(Object.keys(en).sort()).toEqual(Object.keys(zh).sort());
});

test.each(Object.keys(en))("the room %s says the same things in both languages", (room) => {
  expect(keys(zh[room] ?? {})).toEqual(keys(en[room] ?? {}));
});

test.each(Object.keys(en))("no text of the room %s is empty, and each takes the same values", (room) => {
  const chinese = new Map(texts(zh[room] ?? {}));
  for (const [key, text] of texts(en[room] ?? {})) {
    expect(text.trim(), key).not.toBe("");
    const other = chinese.get(key) ?? chinese.get(key.replace(PLURALS, "_other"));
    if (other === undefined) continue;
    expect(other.trim(), key).not.toBe("");
    if (!PLURALS.test(key)) expect(placeholders(other), key).toEqual(placeholders(text));
  }
});

test("every error code has words in both languages", () => {
  for (const language of [en, zh]) {
    const { errors } = language["core"] as { errors: Record<string, string> };
    for (const code of ERROR_CODES) expect(errors, code).toHaveProperty(code);
  }
});
