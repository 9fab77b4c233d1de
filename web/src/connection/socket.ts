/**
 * The page's one connection to `/ws/chat`: kept open for as long as somebody is logged in.
 *
 * A line can be dead without anything telling so (a laptop that slept, a network that changed). So it is pinged, at times
 * and whenever there is a reason to doubt it, and given up when no answer comes.
 */
import { Backoff } from "@/connection/backoff";
import { unreachable } from "@/connection/errors";
import { Requests } from "@/connection/requests";
import { CLOSE_CODES, type FromViewer } from "@/protocol/wire";

export type LinkState = "connecting" | "open" | "reconnecting" | "offline";

/** All in milliseconds. */
export const TIMING = {
  /** The first wait before connecting again is at most this; the bound doubles up to `longestWait`. */
  firstWait: 500,
  longestWait: 30_000,
  /** A server that restarts is asked again within this. */
  restartWait: 1_000,
  /** Opening may take so long. */
  open: 10_000,
  pingEvery: 25_000,
  ping: 10_000,
  /** The answer to a ping on a line that is doubted may take so long. */
  doubt: 5_000,
  /** A page that was hidden for longer doubts its line. */
  hidden: 20_000,
  tick: 5_000,
  /** A connection that lasted so long begins the waits anew: one that is closed at once is none. */
  steady: 5_000,
  /** An answer may take so long. */
  answer: 20_000,
};
export type Timing = typeof TIMING;

/** Who is told what comes. */
export interface SocketOwner {
  /** A new connection, which knows nothing of what was asked on the one before. */
  opened(): void;
  closed(): void;
  /** Something came that is no answer. */
  received(event: string, data: unknown): void;
  /** The state changed. */
  changed(): void;
  /** The connection was refused or ended for want of a valid login, or may have been. */
  doubtLogin(): void;
}

export class Socket {
  state: LinkState = "connecting";
  since = Date.now();
  private socket: WebSocket | null = null;
  private isRunning = false;
  private readonly url: string;
  private readonly owner: SocketOwner;
  private readonly requests = new Requests();
  private readonly timing: Timing;
  private readonly backoff: Backoff;
  private retry: ReturnType<typeof setTimeout> | undefined;
  private deadline: ReturnType<typeof setTimeout> | undefined;
  private steady: ReturnType<typeof setTimeout> | undefined;
  private ticks: ReturnType<typeof setInterval> | undefined;
  private lastTick = 0;
  private lastPing = 0;
  private hiddenSince = 0;
  private isProbing = false;

  constructor(url: string, owner: SocketOwner, timing: Timing = TIMING) {
    this.url = url;
    this.owner = owner;
    this.timing = timing;
    this.backoff = new Backoff(timing.firstWait, timing.longestWait);
  }

  start(): void {
    if (this.isRunning) return;
    this.isRunning = true;
    this.lastTick = Date.now();
    this.ticks = setInterval(() => this.tick(), this.timing.tick);
    window.addEventListener("online", this.onOnline);
    window.addEventListener("offline", this.onOffline);
    document.addEventListener("visibilitychange", this.onVisibility);
    this.connect();
  }

  stop(): void {
    this.isRunning = false;
    clearInterval(this.ticks);
    clearTimeout(this.retry);
    window.removeEventListener("online", this.onOnline);
    window.removeEventListener("offline", this.onOffline);
    document.removeEventListener("visibilitychange", this.onVisibility);
    this.drop();
    this.become("connecting");
  }

  /** Send a frame and return the answer's data; rejects with an ApiError (`unreachable` where none came). */
  request<E extends keyof FromViewer | "ping">(
    event: E,
    data: E extends keyof FromViewer ? FromViewer[E] : Record<string, never>,
    ms = this.timing.answer,
  ): Promise<unknown> {
    const socket = this.socket;
    if (this.state !== "open" || !socket) return Promise.reject(unreachable());
    return this.requests.make((ref) => socket.send(JSON.stringify({ event, data, ref })), ms);
  }

  /** Do not wait any longer for the next try. */
  retryNow(): void {
    if (!this.isRunning || this.state === "open") return;
    this.backoff.reset();
    clearTimeout(this.retry);
    if (!this.socket) this.connect();
  }

  private connect(): void {
    clearTimeout(this.retry);
    const socket = new WebSocket(this.url);
    this.socket = socket;
    this.deadline = setTimeout(() => this.lost(socket, 0), this.timing.open);
    socket.onopen = () => {
      if (socket === this.socket) this.onOpen();
    };
    socket.onmessage = (message) => {
      if (socket === this.socket) this.onMessage(message.data);
    };
    socket.onclose = (event) => this.lost(socket, event.code);
  }

  private onOpen(): void {
    clearTimeout(this.deadline);
    this.lastPing = Date.now();
    this.steady = setTimeout(() => this.backoff.reset(), this.timing.steady);
    this.become("open");
    this.owner.opened();
  }

  private onMessage(text: unknown): void {
    const frame = parse(text);
    if (!frame) return;
    if (frame.ref === null) this.owner.received(frame.event, frame.data);
    else if (frame.event === "ack" || frame.event === "error") {
      this.requests.settle(frame.ref, frame.event, frame.data);
    }
  }

  /** This connection is over; go on with the next one. */
  private lost(socket: WebSocket, code: number): void {
    if (socket !== this.socket) return;
    const wasOpen = this.state === "open";
    this.drop();
    if (!this.isRunning) return;
    this.become(navigator.onLine ? (this.state === "connecting" ? "connecting" : "reconnecting") : "offline");
    const isRestart = code === CLOSE_CODES.RESTARTING;
    this.retry = setTimeout(
      () => this.connect(),
      isRestart ? Math.random() * this.timing.restartWait : this.backoff.next(),
    );
    // A browser does not say why an upgrade was refused; asking by REST does.
    if (!wasOpen || code === CLOSE_CODES.UNAUTHENTICATED || code === CLOSE_CODES.FORBIDDEN)
      this.owner.doubtLogin();
  }

  private drop(): void {
    clearTimeout(this.deadline);
    clearTimeout(this.steady);
    const socket = this.socket;
    if (!socket) return;
    this.socket = null;
    socket.onopen = socket.onmessage = socket.onclose = null;
    socket.close();
    this.isProbing = false;
    const wasOpen = this.state === "open";
    this.requests.abandon();
    if (wasOpen) this.owner.closed();
  }

  /** Find out within `ms` whether the line still works, and give it up if not. */
  private probe(ms: number): void {
    const socket = this.socket;
    if (this.state !== "open" || !socket || this.isProbing) return;
    this.isProbing = true;
    this.lastPing = Date.now();
    this.request("ping", {}, ms).then(
      () => {
        this.isProbing = false;
      },
      () => this.lost(socket, 0),
    );
  }

  private tick(): void {
    const now = Date.now();
    const hasJumped = now - this.lastTick > 3 * this.timing.tick;
    this.lastTick = now;
    if (hasJumped) this.doubt();
    else if (now - this.lastPing >= this.timing.pingEvery) this.probe(this.timing.ping);
  }

  /** Time has passed in which anything may have happened to the line. */
  private doubt(): void {
    if (this.state === "open") this.probe(this.timing.doubt);
    else this.retryNow();
  }

  private readonly onOnline = (): void => {
    if (this.state === "offline") this.become("reconnecting");
    this.doubt();
  };

  private readonly onOffline = (): void => {
    if (this.state === "open") this.probe(this.timing.doubt);
    else this.become("offline");
  };

  private readonly onVisibility = (): void => {
    if (document.hidden) this.hiddenSince = Date.now();
    else if (Date.now() - this.hiddenSince > this.timing.hidden) this.doubt();
  };

  private become(state: LinkState): void {
    if (this.state === state) return;
    // Between two tries it is still the same trouble that began when the line was lost.
    const isSameTrouble = this.state !== "open" && state !== "open" && this.state !== "connecting";
    this.state = state;
    if (!isSameTrouble) this.since = Date.now();
    this.owner.changed();
  }
}

function parse(text: unknown): { event: string; data: unknown; ref: number | null } | null {
  if (typeof text !== "string") return null;
  let frame: unknown;
  try {
    frame = JSON.parse(text);
  } catch {
    return null;
  }
  if (typeof frame !== "object" || frame === null) return null;
  const { event, data, ref } = frame as Record<string, unknown>;
  if (typeof event !== "string") return null;
  return { event, data, ref: typeof ref === "number" ? ref : null };
}
