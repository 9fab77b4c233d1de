import { describe, expect, it } from "vitest";
import type { Send } from "@/protocol/wire";
import { MemoryStorage } from "./memory-storage";
import { isSameMessage, PendingSends, STALE_MS } from "./pending";

const MESSAGE: Send = { client_id: "c1", prompt: "hello", device_id: "d" };

describe("a message on its way", () => {
  it("is sent again by the tab that sent it, after a reload", () => {
    const [local, session] = [new MemoryStorage(), new MemoryStorage()];
    new PendingSends(local, session, "ada").keep("new", MESSAGE);
    expect(new PendingSends(local, session, "ada").toResend("new")?.message).toEqual(MESSAGE);
  });

  it("is left alone by other tabs, other users and other conversations", () => {
    const [local, session] = [new MemoryStorage(), new MemoryStorage()];
    new PendingSends(local, session, "ada").keep("new", MESSAGE);
    expect(new PendingSends(local, new MemoryStorage(), "ada").toResend("new")).toBeNull();
    expect(new PendingSends(local, session, "bob").toResend("new")).toBeNull();
    expect(new PendingSends(local, session, "ada").toResend("t1")).toBeNull();
  });

  it("goes back into the box when its tab has been gone for long", () => {
    const [local, session] = [new MemoryStorage(), new MemoryStorage()];
    new PendingSends(local, session, "ada", () => 0).keep("new", MESSAGE);
    const later = new PendingSends(local, new MemoryStorage(), "ada", () => STALE_MS + 1);
    expect(later.toRestore("new")?.message).toEqual(MESSAGE);
    expect(new PendingSends(local, session, "ada", () => STALE_MS + 1).toResend("new")).toBeNull();
    expect(new PendingSends(local, session, "ada", () => 1).toRestore("new")).toBeNull();
  });

  it("is forgotten once answered, and only then", () => {
    const [local, session] = [new MemoryStorage(), new MemoryStorage()];
    const sends = new PendingSends(local, session, "ada");
    sends.keep("new", MESSAGE);
    sends.forget("new", "another");
    expect(sends.toResend("new")).not.toBeNull();
    sends.forget("new", "c1");
    expect(sends.toResend("new")).toBeNull();
    expect(local.length).toBe(0);
  });
});

it("two messages are the same but for their id", () => {
  expect(isSameMessage(MESSAGE, { device_id: "d", prompt: "hello", client_id: "c2" })).toBe(true);
  expect(isSameMessage(MESSAGE, { ...MESSAGE, prompt: "hello!" })).toBe(false);
});
