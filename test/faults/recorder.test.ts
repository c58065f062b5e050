import { once } from "node:events";
import { connect } from "node:net";
import { expect, it, onTestFinished } from "vitest";
import { now } from "./record.js";
import { Recorder } from "./recorder.js";

/** A lease that is valid for another `left` ms. */
const lease = (id: string, fence: number, left = 60_000) => {
  const start = now();
  return {
    id,
    client: "client-0.1",
    resource: "a",
    fence,
    asked: start,
    won: start,
    start,
    until: start + left,
  };
};

it("refuses a write with a stale fence, and records whether its lease was valid", async () => {
  const recorder = await Recorder.start();
  onTestFinished(() => recorder.stop());
  const enter = (one: ReturnType<typeof lease>) => recorder.ask({ type: "enter", lease: one });
  const write = (id: string, until = 0) => recorder.ask({ type: "write", id, until });

  await enter(lease("over", 1, -1));
  expect(await write("over")).toMatchObject({ accepted: true });
  await enter(lease("valid", 2));
  await enter(lease("next", 3));
  expect(await write("next")).toMatchObject({ accepted: true });
  expect(await write("next")).toMatchObject({ accepted: true });
  expect(await write("valid")).toMatchObject({ accepted: false });
  expect(await write("over")).toMatchObject({ accepted: false });
  await enter({ ...lease("elsewhere", 1), resource: "b" });
  expect(await write("elsewhere")).toMatchObject({ accepted: true });

  const until = now() + 90_000;
  await recorder.ask({ type: "valid", id: "next", until });
  await recorder.ask({ type: "leave", id: "next", at: 5 });
  const { leases } = await recorder.record();
  const seen = new Map(leases.map((one) => [one.id, one]));
  expect(seen.get("over")).toMatchObject({ writes: 2, refused: 1, late: 1, wronged: 0 });
  expect(seen.get("valid")).toMatchObject({ writes: 1, refused: 1, late: 0, wronged: 1 });
  expect(seen.get("next")).toMatchObject({ writes: 2, refused: 0, until, left: 5 });
});

it("keeps its record when a process ends in the middle of a message", async () => {
  const recorder = await Recorder.start();
  onTestFinished(() => recorder.stop());
  const socket = connect(recorder.path);
  await once(socket.end('{"type":"enter","lea').resume(), "close");
  expect(await recorder.record()).toMatchObject({ leases: [] });
});
