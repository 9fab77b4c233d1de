import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Device } from "@/protocol/wire";
import { isLoopback, likelyTerminal, tokenCommand } from "./commands";
import { presenceOf } from "./presence";
import { relativeTime } from "./relative-time";
import { distinction, shortId } from "./short-id";
import { formatUserCode, isCompleteUserCode, timeLeft } from "./user-code";

function device(fields: Partial<Device>): Device {
  return {
    device_id: "d",
    name: "workstation",
    status: "online",
    reconnecting: false,
    slots: { used: 0, total: 5 },
    queued: 0,
    running: [],
    is_default: false,
    kind: "local",
    shells: ["ClaudeCode"],
    folders: [],
    kernels: [],
    labels: {},
    version: "0.1.0",
    platform: "linux",
    last_seen: null,
    created_at: "2026-01-01T00:00:00Z",
    ...fields,
  };
}

test("a device that was cut off is reconnecting, whatever else it is", () => {
  expect(presenceOf(device({ status: "busy", reconnecting: true }))).toBe("reconnecting");
  expect(presenceOf(device({ status: "busy" }))).toBe("busy");
});

test("a device that is there and takes nothing new is paused", () => {
  expect(presenceOf(device({ status: "busy", paused: true }))).toBe("paused");
  expect(presenceOf(device({ status: "offline", paused: true }))).toBe("offline");
});

describe("short ids", () => {
  test("are eight letters where that is enough", () => {
    expect(shortId("0123456789abcdef")).toBe("01234567");
    expect(shortId("abc")).toBe("abc");
  });

  test("always tell devices apart", () => {
    const ids = fc.uniqueArray(fc.stringMatching(/^[ab]{1,16}$/), { minLength: 2 });
    fc.assert(fc.property(ids, (all) => new Set(all.map((id) => shortId(id, all))).size === all.length));
  });

  test("are shown only for devices of one name", () => {
    const one = device({ device_id: "aaaaaaaa1111" });
    const twin = device({ device_id: "aaaaaaaa2222" });
    const other = device({ device_id: "cccccccc", name: "laptop" });
    expect(distinction(one, [one, twin, other])).toBe("aaaaaaaa1");
    expect(distinction(other, [one, twin, other])).toBeNull();
  });
});

describe("codes that a computer shows", () => {
  test.each([
    ["abcd2345", "ABCD-2345"],
    [" abcd - 2345 ", "ABCD-2345"],
    ["ａｂｃｄ２３４５", "ABCD-2345"],
    ["abcd2", "ABCD-2"],
    ["abcd-", "ABCD"],
    ["ABCD-23456789", "ABCD-2345"],
  ])("%j is read as %j", (typed, code) => expect(formatUserCode(typed)).toBe(code));

  test("formatting is stable", () => {
    fc.assert(
      fc.property(fc.string(), (typed) => formatUserCode(formatUserCode(typed)) === formatUserCode(typed)),
    );
  });

  test("are complete with eight letters", () => {
    expect(isCompleteUserCode("abcd-2345")).toBe(true);
    expect(isCompleteUserCode("abcd-234")).toBe(false);
  });

  test("run out visibly", () => {
    const end = "2026-01-01T00:10:00Z";
    expect(timeLeft(end, Date.parse("2026-01-01T00:00:55Z"))).toBe("9:05");
    expect(timeLeft(end, Date.parse("2026-01-01T00:11:00Z"))).toBe("0:00");
  });
});

describe("relative times", () => {
  const now = Date.parse("2026-01-02T00:00:00Z");
  test.each([
    ["2026-01-01T23:59:30Z", "now", "现在"],
    ["2026-01-01T23:57:00Z", "3 minutes ago", "3分钟前"],
    ["2026-01-01T00:00:00Z", "yesterday", "昨天"],
    ["2026-01-08T23:59:00Z", "in 7 days", "7天后"],
  ])("%s is %j", (when, english, chinese) => {
    expect(relativeTime(when, now, "en")).toBe(english);
    expect(relativeTime(when, now, "zh")).toBe(chinese);
  });
});

describe("commands", () => {
  test("are written for the shell of the computer", () => {
    expect(tokenCommand("posix", "https://w.example", "T")).toBe(
      "export WEGENT_TOKEN=T\nexport WEGENT_BACKEND_URL=https://w.example\nwegent-executor --mode local",
    );
    expect(tokenCommand("powershell", "https://w.example", "T")).toBe(
      '$env:WEGENT_TOKEN = "T"\n$env:WEGENT_BACKEND_URL = "https://w.example"\nwegent-executor --mode local',
    );
    expect(likelyTerminal("Mozilla/5.0 (Windows NT 10.0; Win64; x64)")).toBe("powershell");
    expect(likelyTerminal("Mozilla/5.0 (Macintosh; Intel Mac OS X)")).toBe("posix");
  });

  test.each([
    ["localhost", true],
    ["127.0.0.1", true],
    ["[::1]", true],
    ["wegent.example.org", false],
    ["192.168.1.5", false],
  ])("%s means each computer itself: %s", (hostname, expected) => expect(isLoopback(hostname)).toBe(expected));
});
