import { EventEmitter } from "node:events";
import { afterEach, describe, expect, test, vi } from "vitest";
import { InFlight, type SentCall } from "../../src/clients/in-flight.js";

afterEach(() => void vi.useRealTimers());

test("the age of an unanswered call follows fake timers that are set up after it", () => {
  const inFlight = new InFlight(new EventEmitter(), [], () => false);
  expect(inFlight.age).toBe(0);
  inFlight.add(() => new Promise(() => {})).catch(() => {});
  vi.useFakeTimers();
  expect(inFlight.age).toBeGreaterThanOrEqual(0);
  vi.advanceTimersByTime(5_000);
  expect(inFlight.age).toBeGreaterThanOrEqual(5_000);
  inFlight.abandon("over");
  expect(inFlight.age).toBe(0);
});

/** A call that is answered, or ended from outside, by its own functions. */
function sentCall() {
  let answer: (value: unknown) => void = () => {};
  let reject: (error: unknown) => void = () => {};
  const reply = new Promise<unknown>((resolve, rejectReply) => {
    answer = resolve;
    reject = rejectReply;
  });
  return { reply, answer, reject };
}

function setUp() {
  const client = new EventEmitter();
  const inFlight = new InFlight(client, ["close"], () => true);
  const listeners = () => client.listenerCount("close");
  return { client, inFlight, listeners };
}

/** Both ways to send a call. */
const ways: [string, (inFlight: InFlight, send: () => SentCall) => Promise<unknown>][] = [
  ["add", (inFlight, send) => inFlight.add(() => send().reply)],
  ["addCall", async (inFlight, send) => inFlight.addCall(send)],
];

describe.each(ways)("a call in flight: %s", (_, start) => {
  test("is answered, or ends with its connection, whichever comes first", async () => {
    const { client, inFlight } = setUp();
    const [answered, lost] = [sentCall(), sentCall()];
    const replies = [answered, lost].map((call) => start(inFlight, () => call));
    expect(inFlight.size).toBe(2);
    answered.answer("value");
    expect(await replies[0]).toBe("value");
    expect(inFlight.size).toBe(1);
    client.emit("close");
    expect(inFlight.size).toBe(0);
    await expect(replies[1]).rejects.toThrow("connection lost before the answer");
    lost.answer("too late");
    await expect(replies[1]).rejects.toThrow("connection lost");
  });

  test("ends with a connection that is lost while the call is written", async () => {
    const { client, inFlight } = setUp();
    const call = sentCall();
    const reply = start(inFlight, () => {
      client.emit("close");
      return call;
    });
    await expect(reply).rejects.toThrow("connection lost before the answer");
    expect(inFlight.size).toBe(0);
  });

  test("that cannot be sent is not in flight", async () => {
    const { inFlight, listeners } = setUp();
    const refused = start(inFlight, () => {
      throw new Error("not connected");
    });
    await expect(refused).rejects.toThrow("not connected");
    expect([inFlight.size, listeners()]).toEqual([0, 0]);
  });

  test("listens while it is unanswered, and between calls only if the listeners are to stay", async () => {
    const { client, inFlight, listeners } = setUp();
    const attached = vi.spyOn(client, "on");
    const run = async () => {
      const call = sentCall();
      const reply = start(inFlight, () => call);
      expect(listeners()).toBe(1);
      call.answer("value");
      await reply;
    };
    await run();
    expect(listeners()).toBe(0);
    inFlight.keepListening(true);
    expect(listeners()).toBe(0);
    for (let count = 0; count < 3; count++) await run();
    expect(listeners()).toBe(1);
    expect(attached).toHaveBeenCalledTimes(2);
    const last = sentCall();
    const reply = start(inFlight, () => last);
    inFlight.keepListening(false);
    expect(listeners()).toBe(1);
    last.answer("value");
    await reply;
    expect(listeners()).toBe(0);
  });
});
