import { beforeEach, describe, expect, it } from "vitest";
import { ApiError } from "@/connection/errors";
import type { Send, Sent } from "@/protocol/wire";
import { MemoryStorage } from "./memory-storage";
import { Outbox } from "./outbox";

const SENT: Sent = { task_id: "t", subtask_id: "s", state: "queued", queue_position: 1 };

describe("the outbox", () => {
  let local: MemoryStorage, session: MemoryStorage, outbox: Outbox;
  beforeEach(() => {
    local = new MemoryStorage();
    session = new MemoryStorage();
    outbox = new Outbox(local, session, "ada");
  });

  it("empties the draft while it sends, and leaves nothing behind when that is done", async () => {
    outbox.drafts.change("t", { text: "hello" });
    let during = "";
    const sent = await outbox.send("t", { prompt: "hello" }, (message) => {
      during = `${outbox.drafts.get("t").text}|${outbox.sending("t").message?.client_id === message.client_id}`;
      return Promise.resolve(SENT);
    });
    expect([sent?.sent, during]).toEqual([SENT, "|true"]);
    expect([...Array(local.length).keys()].map((index) => local.key(index))).toEqual([]);
  });

  it("gives the text back when it is refused, before what was typed meanwhile", async () => {
    outbox.drafts.change("t", { text: "hello", deviceId: "d" });
    const sent = await outbox.send("t", { prompt: "hello", device_id: "d" }, () => {
      outbox.drafts.change("t", { text: "and more" });
      return Promise.reject(new ApiError("device_offline", "It is offline."));
    });
    expect(sent).toBeNull();
    expect(outbox.sending("t").error?.code).toBe("device_offline");
    expect(outbox.drafts.get("t")).toMatchObject({ text: "hello\n\nand more", deviceId: "d" });
  });

  it("keeps the client id of a message of which nobody knows whether it arrived", async () => {
    const seen: Send[] = [];
    const fail = (code: string) => (message: Send) => {
      seen.push(message);
      return Promise.reject(new ApiError(code, ""));
    };
    await outbox.send("t", { prompt: "one" }, fail("unreachable"));
    await outbox.send("t", { prompt: "one" }, fail("unreachable"));
    await outbox.send("t", { prompt: "two" }, fail("unreachable"));
    expect(seen[1]?.client_id).toBe(seen[0]?.client_id);
    expect(seen[2]?.client_id).not.toBe(seen[0]?.client_id);
  });

  it("sends again after a reload what it was sending, as it was", async () => {
    const ids: string[] = [];
    void outbox.send("new", { prompt: "hello", device_id: "d" }, (message) => {
      ids.push(message.client_id);
      return new Promise(() => undefined); // the page goes away before the answer
    });
    const reloaded = new Outbox(local, session, "ada");
    const sent = await reloaded.resume("new", (message) => {
      ids.push(message.client_id);
      return Promise.resolve(SENT);
    });
    expect(sent?.sent).toEqual(SENT);
    expect(ids[1]).toBe(ids[0]);
    expect(await new Outbox(local, session, "ada").resume("new", () => Promise.reject(new Error()))).toBeNull();
  });

  it("sends one message of a conversation at a time", async () => {
    void outbox.send("t", { prompt: "one" }, () => new Promise(() => undefined));
    expect(await outbox.send("t", { prompt: "two" }, () => Promise.resolve(SENT))).toBeNull();
  });
});
