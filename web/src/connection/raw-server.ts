/** A WebSocket server for tests: real sockets, and nothing that the test does not say itself. RFC 6455, text frames only. */
import { createHash } from "node:crypto";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";

const MAGIC = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
const TEXT = 0x81;
const CLOSE = 0x88;

export interface Frame {
  readonly event: string;
  readonly data: Record<string, unknown>;
  readonly ref: number;
}

/** One connection, as the server sees it. */
export class Line {
  readonly frames: Frame[] = [];
  onFrame: (frame: Frame) => void = () => undefined;
  private readonly stream: Duplex;
  private unread: Buffer = Buffer.alloc(0);

  constructor(stream: Duplex) {
    this.stream = stream;
    stream.on("data", (data: Buffer) => this.read(Buffer.concat([this.unread, data])));
    stream.on("error", () => stream.destroy());
  }

  send(event: string, data: unknown, ref?: number): void {
    this.write(TEXT, Buffer.from(JSON.stringify({ event, data, ref })));
  }

  sendText(text: string): void {
    this.write(TEXT, Buffer.from(text));
  }

  close(code: number): void {
    this.write(CLOSE, Buffer.from([code >> 8, code & 0xff]));
    this.stream.end();
  }

  private write(kind: number, body: Buffer): void {
    const head =
      body.length < 126
        ? Buffer.from([kind, body.length])
        : Buffer.from([kind, 126, body.length >> 8, body.length & 255]);
    this.stream.write(Buffer.concat([head, body]));
  }

  private read(data: Buffer): void {
    this.unread = data;
    while (this.unread.length >= 6) {
      const short = (this.unread[1] ?? 0) & 0x7f;
      const at = short === 126 ? 4 : 2;
      const length = short === 126 ? this.unread.readUInt16BE(2) : short;
      if (this.unread.length < at + 4 + length) return;
      const mask = this.unread.subarray(at, at + 4);
      const body = this.unread
        .subarray(at + 4, at + 4 + length)
        .map((byte, index) => byte ^ (mask[index % 4] ?? 0));
      const kind = this.unread[0];
      this.unread = this.unread.subarray(at + 4 + length);
      if (kind === TEXT) this.take(JSON.parse(Buffer.from(body).toString()) as Frame);
      else if (kind === CLOSE) this.stream.end();
    }
  }

  private take(frame: Frame): void {
    this.frames.push(frame);
    this.onFrame(frame);
  }
}

/** Accepts connections; `refuse` makes it answer 503 instead. */
export class RawServer {
  readonly lines: Line[] = [];
  refuse = false;
  onLine: (line: Line) => void = () => undefined;
  private readonly server: Server = createServer();
  private readonly sockets = new Set<Duplex>();

  async start(): Promise<string> {
    // All of them, since one that came in the last moment would keep the server from closing.
    this.server.on("connection", (socket) => {
      this.sockets.add(socket);
      if (!this.server.listening) socket.destroy();
    });
    this.server.on("upgrade", (request, stream: Duplex) => {
      if (this.refuse) {
        stream.end("HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n");
        return;
      }
      const key = createHash("sha1")
        .update(`${String(request.headers["sec-websocket-key"])}${MAGIC}`)
        .digest("base64");
      const head = ["HTTP/1.1 101 Switching Protocols", "Upgrade: websocket", "Connection: Upgrade"];
      stream.write(`${[...head, `Sec-WebSocket-Accept: ${key}`].join("\r\n")}\r\n\r\n`);
      const line = new Line(stream);
      this.lines.push(line);
      this.onLine(line);
    });
    await new Promise<void>((resolve) => {
      this.server.listen(0, "127.0.0.1", resolve);
    });
    return `ws://127.0.0.1:${(this.server.address() as AddressInfo).port}/ws/chat`;
  }

  async stop(): Promise<void> {
    const closed = new Promise((resolve) => this.server.close(resolve));
    for (const socket of this.sockets) socket.destroy();
    await closed;
  }
}
