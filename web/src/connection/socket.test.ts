import { WebSocket } from "undici";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { RawServer, type Frame, type Line } from "@/connection/raw-server";
import { Socket, TIMING, type SocketOwner, type Timing } from "@/connection/socket";

const QUICK: Timing = { ...TIMING, firstWait: 10, longestWait: 50, restartWait: 10, open: 500, answer: 300 };

let server: RawServer;
let url: string;
let sockets: Socket[] = [];

// Node's own WebSocket, and of a browser what else the socket listens to.
vi.stubGlobal("WebSocket", WebSocket);
vi.stubGlobal("window", new EventTarget());
vi.stubGlobal("document", Object.assign(new EventTarget(), { hidden: false }));
vi.stubGlobal("navigator", { onLine: true });

beforeEach(async () => {
  server = new RawServer();
  url = await server.start();
});

afterEach(async () => {
  for (const socket of sockets) socket.stop();
  sockets = [];
  await server.stop();
});

class Owner implements SocketOwner {
  readonly told: string[] = [];
  readonly states: string[] = [];
  readonly received = vi.fn<(event: string, data: unknown) => void>();
  socket: Socket | null = null;

  opened = (): unknown => this.told.push("opened");
  closed = (): unknown => this.told.push("closed");
  doubtLogin = (): unknown => this.told.push("doubt");
  changed = (): unknown => this.states.push(this.socket?.state ?? "");
}

function begin(timing: Partial<Timing> = {}): { socket: Socket; owner: Owner } {
  const owner = new Owner();
  const socket = new Socket(url, owner, { ...QUICK, ...timing });
  owner.socket = socket;
  sockets.push(socket);
  socket.start();
  return { socket, owner };
}

/** The server answers each frame as `answer` says; nothing for undefined. */
function answering(answer: (frame: Frame) => unknown): void {
  server.onLine = (line) => {
    line.onFrame = (frame) => {
      const data = answer(frame);
      if (data !== undefined) line.send("ack", data, frame.ref);
    };
  };
}

function line(index: number): Line {
  const found = server.lines[index];
  if (!found) throw new Error(`there was no connection ${index}`);
  return found;
}

const soon = { timeout: 3000, interval: 5 };

test("requests get the answers with their number, in whatever order they come", async () => {
  const { socket } = begin();
  await vi.waitFor(() => expect(socket.state).toBe("open"), soon);
  const one = socket.request("chat:cancel", { subtask_id: "a" });
  const other = socket.request("chat:cancel", { subtask_id: "b" });
  await vi.waitFor(() => expect(line(0).frames).toHaveLength(2), soon);
  for (const frame of line(0).frames.toReversed())
    line(0).send("ack", { of: frame.data["subtask_id"] }, frame.ref);
  expect(await one).toEqual({ of: "a" });
  expect(await other).toEqual({ of: "b" });
});

test("an error frame rejects with its code, words and hint", async () => {
  const { socket } = begin();
  await vi.waitFor(() => expect(socket.state).toBe("open"), soon);
  const asked = socket.request("chat:cancel", { subtask_id: "a" });
  await vi.waitFor(() => expect(line(0).frames).toHaveLength(1), soon);
  line(0).send("error", { code: "not_found", message: "No.", hint: "Look." }, line(0).frames[0]?.ref);
  await expect(asked).rejects.toMatchObject({ code: "not_found", message: "No.", hint: "Look." });
});

test("a request without an answer is given up, and one on a closed socket refused", async () => {
  const { socket } = begin();
  await expect(socket.request("ping", {})).rejects.toMatchObject({ code: "unreachable" });
  await vi.waitFor(() => expect(socket.state).toBe("open"), soon);
  await expect(socket.request("ping", {}, 20)).rejects.toMatchObject({ code: "unreachable" });
});

test("after a lost connection it connects again, and open requests are given up", async () => {
  const { socket, owner } = begin();
  await vi.waitFor(() => expect(socket.state).toBe("open"), soon);
  const asked = socket.request("chat:cancel", { subtask_id: "a" });
  line(0).close(1012);
  await expect(asked).rejects.toMatchObject({ code: "unreachable" });
  await vi.waitFor(() => expect(owner.told).toEqual(["opened", "closed", "opened"]), soon);
  expect(owner.states).toEqual(["open", "reconnecting", "open"]);
});

test("a server that refuses is asked again, and the login is doubted", async () => {
  server.refuse = true;
  const { socket, owner } = begin();
  await vi.waitFor(() => expect(owner.told.filter((one) => one === "doubt").length).toBeGreaterThan(2), soon);
  expect(socket.state).toBe("connecting");
  server.refuse = false;
  await vi.waitFor(() => expect(socket.state).toBe("open"), soon);
});

test("a login that ended is doubted at once", async () => {
  const { socket, owner } = begin();
  await vi.waitFor(() => expect(socket.state).toBe("open"), soon);
  line(0).close(4401);
  await vi.waitFor(() => expect(owner.told).toContain("doubt"), soon);
});

test("a line that answers no ping is given up", async () => {
  const { owner } = begin({ tick: 20, pingEvery: 40, ping: 50 });
  await vi.waitFor(() => expect(owner.told.slice(0, 3)).toEqual(["opened", "closed", "opened"]), soon);
  expect(line(0).frames[0]?.event).toBe("ping");
});

test("a line that answers its pings stays", async () => {
  answering(() => ({}));
  const { socket } = begin({ tick: 10, pingEvery: 20, ping: 200 });
  await vi.waitFor(() => expect(line(0).frames.length).toBeGreaterThan(5), soon);
  expect(server.lines).toHaveLength(1);
  expect(socket.state).toBe("open");
});

test("when the computer is online again the next try is at once", async () => {
  server.refuse = true;
  const { socket } = begin({ firstWait: 1_000_000, longestWait: 1_000_000 });
  await new Promise((resolve) => setTimeout(resolve, 100));
  server.refuse = false;
  window.dispatchEvent(new Event("online"));
  await vi.waitFor(() => expect(socket.state).toBe("open"), soon);
});

test("what is no frame, and answers to nothing, change nothing", async () => {
  const { socket, owner } = begin();
  await vi.waitFor(() => expect(socket.state).toBe("open"), soon);
  for (const text of ["{", "[]", "null", '{"data": {}}', '{"event": 5}']) line(0).sendText(text);
  line(0).send("ack", {}, 99);
  line(0).send("someday", { more: 1 });
  await vi.waitFor(() => expect(owner.received).toHaveBeenCalledWith("someday", { more: 1 }), soon);
  expect(owner.received).toHaveBeenCalledTimes(1);
  expect(socket.state).toBe("open");
});

test("a stopped socket stays closed", async () => {
  const { socket } = begin();
  await vi.waitFor(() => expect(socket.state).toBe("open"), soon);
  socket.stop();
  await new Promise((resolve) => setTimeout(resolve, 100));
  expect(server.lines).toHaveLength(1);
});
