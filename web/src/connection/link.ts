/** Waiting for the connection. */
import { unreachable } from "@/connection/errors";
import { Listeners } from "@/connection/listeners";
import type { LinkState, Socket } from "@/connection/socket";

/** How the connection stands, as one object that changes when it does. */
export interface Link {
  readonly state: LinkState;
  /** When it came to be open, or not to be, in milliseconds since 1970. */
  readonly since: number;
  readonly retryNow: () => void;
}

export class LiveLink {
  readonly listeners = new Listeners();
  now: Link;
  private readonly socket: Socket;

  constructor(socket: Socket) {
    this.socket = socket;
    this.now = this.read();
  }

  changed(): void {
    this.now = this.read();
    this.listeners.tell();
  }

  /** Wait until the connection is open; rejects with `unreachable` after `ms`. */
  whenOpen(ms: number): Promise<void> {
    if (this.now.state === "open") return Promise.resolve();
    return new Promise((resolve, reject) => {
      const stop = this.listeners.subscribe(() => {
        if (this.now.state !== "open") return;
        clearTimeout(timer);
        stop();
        resolve();
      });
      const timer = setTimeout(() => {
        stop();
        reject(unreachable());
      }, ms);
    });
  }

  private read(): Link {
    return { state: this.socket.state, since: this.socket.since, retryNow: () => this.socket.retryNow() };
  }
}
