import { expect, it } from "vitest";
import { measureAvailability } from "./availability.js";
import type { Injected } from "./inject.js";
import type { RecordedNote } from "./record.js";

/** Probes of a client that is granted a lease every 50 ms from 0 on, except between `from` and `to`. */
const probesBut = (from: number, to: number): number[] =>
  Array.from({ length: 200 }, (_, index) => index * 50).flatMap((asked) =>
    asked > from && asked < to ? [] : [asked, asked + 10],
  );

const note = (client: string, probes: number[], stalls: number[] = []): RecordedNote => ({
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
  expect(measured).toMatchObject({
    measures: 2,
    starved: 0,
    most: 690,
    longestForOne: 700,
    longestForAll: 50,
  });
});

it("joins successive processes of the same name", () => {
  const notes = [note("client-0.1", [0, 10]), note("client-0.2", [100, 110]), note("client-0.2", [200, 210])];
  expect(measureAvailability({ leases: [], notes }, [fault(50)], none, [])).toMatchObject({
    most: 60,
    longestForOne: 100,
  });
});

it("ignores a client that was disturbed itself, and counts how often a process got no processor time", () => {
  const notes = [
    note("client-0.1", probesBut(1_000, 1_700)),
    note("client-1.1", probesBut(1_000, 1_700), [1_100, 1_300]),
  ];
  const hurt = new Map([["client-0", [{ from: 900, to: 1_100 }]]]);
  expect(measureAvailability({ leases: [], notes }, [fault(1_020)], hurt, [])).toMatchObject({
    measures: 0,
    starved: 1,
    longestForOne: 50,
    longestForAll: 700,
  });
});
