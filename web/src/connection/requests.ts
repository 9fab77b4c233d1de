/** Requests on one socket that wait for their answers. */
import { refusal, unreachable, type ApiError } from "@/connection/errors";
import type { ErrorData } from "@/protocol/wire";

interface Waiting {
  resolve: (data: unknown) => void;
  reject: (error: ApiError) => void;
  timer: ReturnType<typeof setTimeout>;
}

export class Requests {
  private readonly waiting = new Map<number, Waiting>();
  private nextRef = 1;

  /** Wait for the answer to a frame that `send` puts on the socket; reject when none comes within `ms`. */
  make(send: (ref: number) => void, ms: number): Promise<unknown> {
    const ref = this.nextRef++;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.waiting.delete(ref);
        reject(unreachable());
      }, ms);
      this.waiting.set(ref, { resolve, reject, timer });
      send(ref);
    });
  }

  /** An answer came. */
  settle(ref: number, event: "ack" | "error", data: unknown): void {
    const waiting = this.waiting.get(ref);
    if (!waiting) return;
    this.waiting.delete(ref);
    clearTimeout(waiting.timer);
    if (event === "ack") waiting.resolve(data);
    else waiting.reject(refusal(errorData(data)));
  }

  /** The socket closed: no answers will come. */
  abandon(): void {
    const all = [...this.waiting.values()];
    this.waiting.clear();
    for (const { timer, reject } of all) {
      clearTimeout(timer);
      reject(unreachable());
    }
  }
}

function errorData(data: unknown): ErrorData {
  const { code, message, hint } = (data ?? {}) as Record<string, unknown>;
  const words = (value: unknown): string => (typeof value === "string" ? value : "");
  return { code: words(code) || "unavailable", message: words(message), hint: words(hint) };
}
