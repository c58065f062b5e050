import { expect, it } from "vitest";
import { measureAvailability } from "./availability.js";
import type { Injected } from "./inject.js";
import type { WitnessedNote } from "./record.js";

/** From 0 on a lease was had every 50 ms by each client, except from `from` to `to`. */
const probesBut = (from: number, to: number): number[] =>
  Array.from({ length: 200 }, (_, index) => index * 50).flatMap((asked) =>
    asked > from && asked < to ? [] : [asked, asked + 10],
  );

const note = (client: string, probes: number[], stalls: number[] = []): WitnessedNote => ({
  client,
  probes,
  stalls,
});
const fault = (from: number): Injected => ({
  kind: "FLUSHALL",
  scope: "server",
  target: 0,
  from,
  to: from + 100,
});
const none = new Map();

it("measures from a fault to the next grant that was asked for after it", () => {
  const notes = [note("client-0.1", probesBut(1_000, 1_700)), note("client-1.1", probesBut(0, 0))];
  const measured = measureAvailability({ leases: [], notes }, [fault(1_020)], none, []);
  expect(measured).toMatchObject({ measures: 2, starved: 0, most: 690, longestOfOne: 700, longestOfAll: 50 });
});

it("joins the processes that had a name one after the other", () => {
  const notes = [note("client-0.1", [0, 10]), note("client-0.2", [100, 110]), note("client-0.2", [200, 210])];
  expect(measureAvailability({ leases: [], notes }, [fault(50)], none, [])).toMatchObject({
    most: 60,
    longestOfOne: 100,
  });
});

it("asks nothing of a client that was hurt itself, and says how often a process got no time", () => {
  const notes = [
    note("client-0.1", probesBut(1_000, 1_700)),
    note("client-1.1", probesBut(1_000, 1_700), [1_100, 1_300]),
  ];
  const hurt = new Map([["client-0", [{ from: 900, to: 1_100 }]]]);
  expect(measureAvailability({ leases: [], notes }, [fault(1_020)], hurt, [])).toMatchObject({
    measures: 0,
    starved: 1,
    longestOfOne: 50,
    longestOfAll: 700,
  });
});
