import { beforeEach, describe, expect, it, vi } from "vitest";
import { Drafts, EMPTY, isEmpty } from "./drafts";
import { MemoryStorage } from "./memory-storage";

describe("drafts", () => {
  let storage: MemoryStorage;
  beforeEach(() => {
    storage = new MemoryStorage();
    vi.useFakeTimers();
  });

  it("are there again after a reload", () => {
    new Drafts(storage, "ada").change("c1", { text: "hello", deviceId: "d" });
    vi.advanceTimersByTime(1000);
    expect(new Drafts(storage, "ada").get("c1")).toEqual({ ...EMPTY, text: "hello", deviceId: "d" });
  });

  it("belong to one user and one conversation", () => {
    const drafts = new Drafts(storage, "ada");
    drafts.change("c1", { text: "secret" });
    drafts.write();
    expect(drafts.get("c2")).toEqual(EMPTY);
    expect(new Drafts(storage, "bob").get("c1")).toEqual(EMPTY);
  });

  it("leave nothing behind when cleared", () => {
    const drafts = new Drafts(storage, "ada");
    drafts.change("c1", { text: "x" });
    drafts.clear("c1");
    expect(storage.length).toBe(0);
    expect(isEmpty(drafts.get("c1"))).toBe(true);
  });

  it("tell their listeners, and keep the identity of what did not change", () => {
    const drafts = new Drafts(storage, "ada");
    const listener = vi.fn();
    drafts.subscribe(listener);
    const other = drafts.get("c2");
    drafts.change("c1", { text: "x" });
    expect(listener).toHaveBeenCalledOnce();
    expect(drafts.get("c2")).toBe(other);
  });

  it("drop files that the server has deleted meanwhile", () => {
    const file = { id: "f", name: "a.txt", media_type: "text/plain", size: 1 };
    const drafts = new Drafts(storage, "ada");
    drafts.change("c1", {
      text: "x",
      files: [
        { ...file, expires_at: new Date(Date.now() - 1).toISOString() },
        { ...file, id: "g", expires_at: new Date(Date.now() + 60_000).toISOString() },
      ],
    });
    drafts.write();
    expect(new Drafts(storage, "ada").get("c1").files.map((one) => one.id)).toEqual(["g"]);
  });

  it("do not grow without bound: the oldest go", () => {
    for (let index = 0; index < 60; index++) {
      const drafts = new Drafts(storage, "ada", () => index);
      drafts.change(`c${index}`, { text: "x" });
      drafts.write();
    }
    expect(storage.length).toBe(40);
    expect(new Drafts(storage, "ada").get("c59").text).toBe("x");
    expect(new Drafts(storage, "ada").get("c0").text).toBe("");
  });

  it("survive what is not a draft, and a storage that is full", () => {
    storage.setItem("wegent.draft.ada.c1", "{");
    expect(new Drafts(storage, "ada").get("c1")).toEqual(EMPTY);
    const warned = vi.spyOn(console, "warn").mockImplementation(() => undefined);
    storage.setItem = () => {
      throw new DOMException("full", "QuotaExceededError");
    };
    const drafts = new Drafts(storage, "ada");
    drafts.change("c2", { text: "kept in the page" });
    drafts.write();
    expect(drafts.get("c2").text).toBe("kept in the page");
    expect(warned).toHaveBeenCalled();
  });
});
