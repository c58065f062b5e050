import { describe, expect, it } from "vitest";
import {
  formatLoss,
  formatMarker,
  type Identification,
  isSameServer,
  readMarker,
} from "../../src/engine/protocol/memory.js";

const read = (marker: string, runId: string | null = "abc") =>
  readMarker(marker, { runId, now: 1_000, watermark: 0, longLeft: 0 });
const until = (time: number) => ({ until: time, least: 800, settles: 700, settled: false });

describe("reading a marker", () => {
  it("finds a complete memory when the run id is unchanged", () => {
    expect(read(formatMarker("id", "abc", 70))).toMatchObject({
      runId: "abc",
      id: "id",
      memory: { state: "kept", mark: "id.abc", longest: 70, left: 0 },
    });
  });

  it("finds no memory with another run id, without a run id, and without a valid marker", () => {
    for (const marker of [
      "id.other 70 -",
      "",
      "id.abc",
      "id.abc x -",
      // The format before markers had a history.
      "id.abc 70",
      "- 900 id.abc 70",
      "- id.abc 70 -",
      "- 900 800 id.abc 70 -",
      " id.abc 70 -",
      formatLoss("id", "abc"),
      "- 5 ",
      "x".repeat(99),
    ]) {
      expect(read(marker), marker).toMatchObject({ id: null, memory: { state: "lost", marker } });
    }
  });

  it("returns how long the node abstains", () => {
    expect(read(formatMarker("id", "abc", 70, until(1_250))).memory).toMatchObject({
      state: "abstaining",
      left: 250,
      abstention: until(1_250),
    });
    expect(read(formatMarker("id", "abc", 70, until(900))).memory).toMatchObject({
      state: "abstaining",
      left: 0,
    });
    const settled = { ...until(2 ** 53), settled: true };
    expect(read(formatMarker("id", "abc", 70, settled)).memory?.abstention).toEqual({
      ...settled,
      until: Number.MAX_SAFE_INTEGER,
    });
    expect(read("- 900 800 700 id.other 70 -").memory).toMatchObject({ state: "lost" });
  });

  it("trusts the marker when one of the two run ids is hidden", () => {
    expect(read("id. 70 -").memory?.state).toBe("kept");
    expect(read("id.abc 70 -", null).memory?.state).toBe("kept");
  });
});

describe("comparing two servers", () => {
  const met = (runId: string | null, id: string | null): Identification => ({ runId, id, memory: null });

  it("compares run ids, whatever ids a snapshot has copied", () => {
    expect(isSameServer(met("a", "x"), met("a", "y"))).toBe(true);
    expect(isSameServer(met("a", "x"), met("b", "x"))).toBe(false);
  });

  it("compares the stored ids when a server hides its run id", () => {
    expect(isSameServer(met(null, "x"), met(null, "x"))).toBe(true);
    expect(isSameServer(met("a", "x"), met(null, "x"))).toBe(true);
    expect(isSameServer(met("a", "x"), met(null, "y"))).toBe(false);
  });

  it("is undecided when a server has neither", () => {
    expect(isSameServer(met(null, null), met(null, null))).toBe(false);
    expect(isSameServer(met("a", null), met(null, null))).toBe(false);
  });
});
