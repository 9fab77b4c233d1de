import fc from "fast-check";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { ApiError } from "@/connection/errors";
import { Follower } from "@/connection/follower";
import type { Done, RawEvent, StateAnswer } from "@/protocol/wire";
import { EMPTY, reduce } from "@/transcript/reducer";

const LOG: readonly RawEvent[] = Array.from({ length: 30 }, (_, index) => ({ type: "text", text: `${index} ` }));
const DONE: Done = { subtask_id: "s", seq: LOG.length, state: "completed" };

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

/** A server that does what the test says, with one socket and one turn. */
class Script {
  readonly asked: { event: string; seq: number }[] = [];
  readonly follower: Follower;
  private readonly open: { resolve: (answer: StateAnswer) => void; reject: (error: ApiError) => void }[] = [];
  private readonly jobs = new Set<() => boolean>();

  constructor() {
    this.follower = new Follower(
      "s",
      (event, _, seq) => this.ask(event, seq),
      (job) => this.jobs.add(job),
    );
  }

  get isAsked(): boolean {
    return this.open.length > 0;
  }

  get lastSeq(): number {
    return this.asked.at(-1)?.seq ?? -1;
  }

  async answer(): Promise<void> {
    this.open.shift()?.resolve({ state: "running" });
    await settle();
  }

  async refuse(code: string): Promise<void> {
    this.open.shift()?.reject(new ApiError(code, "No."));
    await settle();
  }

  chunk(first: number, last: number): void {
    this.follower.chunk({ subtask_id: "s", seq: first, events: LOG.slice(first - 1, last) });
  }

  async reconnect(): Promise<void> {
    this.follower.disconnect();
    for (const { reject } of this.open.splice(0)) reject(new ApiError("unreachable", ""));
    await settle();
    this.follower.connect();
  }

  frame(): void {
    for (const job of [...this.jobs]) if (!job()) this.jobs.delete(job);
  }

  private ask(event: string, seq: number): Promise<StateAnswer> {
    this.asked.push({ event, seq });
    return new Promise((resolve, reject) => this.open.push({ resolve, reject }));
  }
}

/** Let promises settle, without time passing. */
async function settle(): Promise<void> {
  await vi.advanceTimersByTimeAsync(0);
}

function subscribed(): Script {
  const script = new Script();
  script.follower.connect();
  script.follower.want(1);
  return script;
}

test("output is taken in order, and the end after it", async () => {
  const script = subscribed();
  expect(script.asked).toEqual([{ event: "chat:subscribe", seq: 0 }]);
  await script.answer();
  expect(script.follower.turn.state).toBe("running");
  script.chunk(1, 10);
  script.chunk(11, 30);
  script.follower.done(DONE);
  script.frame();
  expect(script.follower.turn).toMatchObject({ done: DONE, state: "completed", isCaughtUp: true });
  expect(script.follower.turn.transcript.seq).toBe(30);
});

test("what comes before the answer belongs to an earlier subscription", async () => {
  const script = subscribed();
  script.chunk(1, 5);
  script.follower.done(DONE);
  script.frame();
  expect(script.follower.turn.transcript.seq).toBe(0);
  await script.answer();
  script.chunk(1, 3);
  script.frame();
  expect(script.follower.turn.transcript.seq).toBe(3);
});

test("after a reconnect it goes on from the last number", async () => {
  const script = subscribed();
  await script.answer();
  script.chunk(1, 7);
  await script.reconnect();
  expect(script.asked.at(-1)).toEqual({ event: "chat:subscribe", seq: 7 });
});

test("a gap is never taken: the rest is asked for again", async () => {
  const script = subscribed();
  await script.answer();
  script.chunk(1, 3);
  script.chunk(5, 9);
  script.chunk(4, 9);
  await vi.advanceTimersByTimeAsync(100);
  expect(script.asked.at(-1)).toEqual({ event: "chat:subscribe", seq: 3 });
  script.frame();
  expect(script.follower.turn.transcript.seq).toBe(3);
});

test("an end whose last events are missing asks for them", async () => {
  const script = subscribed();
  await script.answer();
  script.chunk(1, 28);
  script.follower.done(DONE);
  script.frame();
  expect(script.follower.turn.done).toBeNull();
  await vi.advanceTimersByTimeAsync(100);
  expect(script.lastSeq).toBe(28);
});

test("an ended turn is not asked for again", async () => {
  const script = subscribed();
  await script.answer();
  script.chunk(1, 30);
  script.follower.done(DONE);
  script.frame();
  await script.reconnect();
  script.follower.want(1);
  expect(script.asked).toHaveLength(1);
});

test("when nobody wants it any more the server is told, and asked again from there", async () => {
  const script = subscribed();
  await script.answer();
  script.chunk(1, 4);
  script.follower.want(-1);
  expect(script.asked.at(-1)?.event).toBe("chat:unsubscribe");
  script.chunk(5, 6);
  await script.answer();
  script.follower.want(1);
  expect(script.asked.at(-1)).toEqual({ event: "chat:subscribe", seq: 4 });
});

test("a refusal that passes is asked again, another one is told", async () => {
  const script = subscribed();
  await script.refuse("unavailable");
  expect(script.follower.turn.error).toBeNull();
  await vi.advanceTimersByTimeAsync(100);
  expect(script.asked).toHaveLength(2);
  await script.refuse("not_found");
  expect(script.follower.turn.error?.code).toBe("not_found");
});

test("a turn that says nothing for a moment is caught up", async () => {
  const script = subscribed();
  await script.answer();
  expect(script.follower.turn.isCaughtUp).toBe(false);
  await vi.advanceTimersByTimeAsync(200);
  expect(script.follower.turn.isCaughtUp).toBe(true);
});

type Step =
  { do: "chunk"; first: number; count: number } | { do: "answer" | "refuse" | "reconnect" | "frame" | "wait" };

test("whatever happens on the way, the transcript is that of the log", async () => {
  const step: fc.Arbitrary<Step> = fc.oneof(
    fc.record({ do: fc.constant("chunk"), first: fc.nat(40), count: fc.integer({ min: 1, max: 12 }) }),
    fc.record({ do: fc.constantFrom("answer", "refuse", "reconnect", "frame", "wait") }),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
      const script = subscribed();
      for (const one of steps) await take(script, one);
      await finish(script);
      const { transcript } = script.follower.turn;
      const whole = reduce(EMPTY, LOG, 1);
      const text = (blocks: typeof whole.blocks) =>
        blocks.map((block) => (block.kind === "text" ? block.text : ""));
      expect(text(transcript.blocks)).toEqual(text(whole.blocks));
      expect(transcript.seq).toBe(LOG.length);
    }),
    { numRuns: 200 },
  );
});

async function take(script: Script, step: Step): Promise<void> {
  if (step.do === "chunk") {
    // Around what is held: some known already, some that fits, some with a gap.
    const first = Math.max(1, script.lastSeq + 1 + ((step.first % 9) - 4));
    script.chunk(first, Math.min(LOG.length, first + step.count));
  } else if (step.do === "answer") await script.answer();
  else if (step.do === "refuse") await script.refuse("unavailable");
  else if (step.do === "reconnect") await script.reconnect();
  else if (step.do === "frame") script.frame();
  else await vi.advanceTimersByTimeAsync(6000);
}

/** The server does as it should until everything is there. */
async function finish(script: Script): Promise<void> {
  while (script.follower.turn.done === null) {
    await script.reconnect();
    if (script.isAsked) await script.answer();
    script.chunk(script.lastSeq + 1, LOG.length);
    script.follower.done(DONE);
    script.frame();
  }
}
