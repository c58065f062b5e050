import { once } from "node:events";
import { connect } from "node:net";
import { expect, it, onTestFinished } from "vitest";
import { now } from "./record.js";
import { Witness } from "./witness.js";

/** A lease that is valid for so many ms more. */
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

it("refuses the write of a stale fence, and says whether that was wrong", async () => {
  const witness = await Witness.start();
  onTestFinished(() => witness.stop());
  const enter = (one: ReturnType<typeof lease>) => witness.ask({ type: "enter", lease: one });
  const write = (id: string, until = 0) => witness.ask({ type: "write", id, until });

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
  await witness.ask({ type: "valid", id: "next", until });
  await witness.ask({ type: "leave", id: "next", at: 5 });
  const { leases } = await witness.record();
  const seen = new Map(leases.map((one) => [one.id, one]));
  expect(seen.get("over")).toMatchObject({ writes: 2, refused: 1, late: 1, wronged: 0 });
  expect(seen.get("valid")).toMatchObject({ writes: 1, refused: 1, late: 0, wronged: 1 });
  expect(seen.get("next")).toMatchObject({ writes: 2, refused: 0, until, left: 5 });
});

it("keeps its record when a process ends in the middle of a message", async () => {
  const witness = await Witness.start();
  onTestFinished(() => witness.stop());
  const socket = connect(witness.path);
  await once(socket.end('{"type":"enter","lea').resume(), "close");
  expect(await witness.record()).toMatchObject({ leases: [] });
});
