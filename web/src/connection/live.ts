/** What the page knows of the server as it happens, over its one socket. */
import { LiveDevices } from "@/connection/device-list";
import { LiveLink } from "@/connection/link";
import { refreshAll, refreshTask } from "@/connection/refresh";
import { Socket, type SocketOwner } from "@/connection/socket";
import { Standings } from "@/connection/standings";
import { Turns } from "@/connection/turns";
import type { StateAnswer, SubtaskState, ToViewer } from "@/protocol/wire";

/** By then the socket has told how everything stands. */
const TOLD_MS = 1_500;
const AGAIN_MS = 5_000;

type Handlers = { [E in keyof ToViewer]: (data: ToViewer[E]) => void };

export class Live implements SocketOwner {
  readonly socket: Socket;
  readonly link: LiveLink;
  readonly devices = new LiveDevices();
  readonly standings = new Standings();
  readonly turns: Turns;
  private readonly onDoubt: () => void;
  private hasBeenOpen = false;
  private connection = 0;

  /** `onDoubt` is called when the login may have ended. */
  constructor(url: string, onDoubt: () => void) {
    this.onDoubt = onDoubt;
    this.socket = new Socket(url, this);
    this.link = new LiveLink(this.socket);
    this.turns = new Turns(async (event, subtask_id, seq) => {
      const asked =
        event === "chat:subscribe"
          ? this.socket.request(event, { subtask_id, seq })
          : this.socket.request(event, { subtask_id });
      return (await asked) as StateAnswer;
    });
  }

  start(): void {
    this.socket.start();
  }

  /** Somebody logged out: nothing of what was theirs stays. */
  stop(): void {
    this.socket.stop();
    this.turns.clear();
    this.devices.clear();
    this.standings.clear();
    this.hasBeenOpen = false;
  }

  opened(): void {
    this.connection++;
    this.standings.beginComparison();
    this.turns.connect();
    void this.compare(this.connection, 0, () => this.devices.compare());
    void this.compare(this.connection, TOLD_MS, () => this.standings.compare((state) => this.stood(state)));
    if (this.hasBeenOpen) refreshAll();
    this.hasBeenOpen = true;
  }

  closed(): void {
    this.connection++;
    this.turns.disconnect();
  }

  changed(): void {
    this.link.changed();
  }

  doubtLogin(): void {
    this.onDoubt();
  }

  received(event: string, data: unknown): void {
    // What this page does not know is for a newer one.
    if (!Object.hasOwn(this.handlers, event) || typeof data !== "object" || data === null) return;
    const handler = this.handlers[event as keyof ToViewer] as (data: object) => void;
    handler(data);
  }

  private readonly handlers: Handlers = {
    "chat:chunk": (chunk) => this.turns.chunk(chunk),
    "chat:done": (done) => {
      this.turns.done(done);
      const isNews = this.standings.end(done);
      const state = this.standings.bySubtask.get(done.subtask_id);
      if (isNews && state) refreshTask({ task_id: state.task_id });
    },
    "task:state": (state) => {
      if (this.standings.take(state)) this.stood(state);
    },
    "task:changed": (change) => {
      if (change.removed) this.standings.forgetTask(change.task_id);
      refreshTask(change);
    },
    "device:state": (device) => this.devices.take(device),
  };

  private stood(state: SubtaskState): void {
    this.turns.note(state);
    refreshTask({ task_id: state.task_id });
  }

  /** Compare what is known with what REST says, until that worked once on this connection. */
  private async compare(connection: number, after: number, work: () => Promise<void>): Promise<void> {
    for (let wait = after; connection === this.connection; wait = AGAIN_MS) {
      await new Promise((resolve) => setTimeout(resolve, wait));
      if (connection !== this.connection) return;
      try {
        await work();
        return;
      } catch (error) {
        console.warn("The state of the devices and turns could not be read; trying again.", error);
      }
    }
  }
}
