import { randomUUID } from "node:crypto";
import { readMarker } from "../../engine/protocol/memory.js";
import { markerKey } from "../../engine/protocol/side-keys.js";
import { enter, Shut } from "./entry.js";
import type { Answer, ClockSample, NodeFacts, Reached } from "./facts.js";
import { Info } from "./info.js";
import { Session } from "./session.js";
import type { Target } from "./target.js";
import { harmlessScript, tryRights, writeTo } from "./trials.js";

const pingCount = 7;
const clockSamples = 3;
/** What is asked of the configuration; the rest that matters is in INFO. */
const configured = ["appendfsync", "aof-load-truncated", "min-replicas-to-write"];

/** All that one node tells, until it is silent for `timeout` ms. Changes nothing on the server. */
export async function probe(target: Target, prefix: string, timeout: number): Promise<NodeFacts> {
  const place = { node: target.name, database: target.database };
  const session = await Session.prepare(target, timeout);
  try {
    const { passwordUnneeded } = await enter(session, target);
    return { ...place, reached: true, passwordUnneeded, ...(await questioned(session, prefix)) };
  } catch (thrown) {
    if (!(thrown instanceof Shut)) throw thrown;
    return { ...place, reached: false, failure: thrown.failure, message: thrown.message };
  } finally {
    session.close();
  }
}

type Examination = Omit<Reached, "node" | "database" | "reached" | "passwordUnneeded">;

async function questioned(session: Session, prefix: string): Promise<Examination> {
  const pings = await timePings(session);
  const clock = await readClock(session);
  // A name that nobody has: what is tried on it has no effect.
  const name = `holdfast-doctor:${randomUUID()}`;
  const [info, script, write, marker, ...config] = await Promise.all([
    session.ask("INFO"),
    session.ask("EVAL", harmlessScript, "1", prefix + name),
    session.ask(...writeTo(prefix + name)),
    session.ask("GET", markerKey),
    ...configured.map((parameter) => session.ask("CONFIG", "GET", parameter)),
  ]);
  const trials = await tryRights(session, prefix, name);
  return {
    peer: session.peer,
    pings,
    clock,
    info: read(info, (value) => (typeof value === "string" ? new Info(value) : null)),
    config: new Map(config.flatMap(pairOf)),
    script,
    write,
    trials,
    marker: read(marker, (value) => (value === null || typeof value === "string" ? value !== null : null)),
    abstains: marker.ok ? abstentionOf(marker.value, Date.now() + (clock?.offset ?? 0)) : null,
    complete: !session.late,
  };
}

/** ms, one after the other. */
async function timePings(session: Session): Promise<number[]> {
  const roundTrips: number[] = [];
  for (let count = 0; count < pingCount; count++) {
    const asked = performance.now();
    await session.ask("PING");
    if (!session.late) roundTrips.push(performance.now() - asked);
  }
  return roundTrips;
}

/** The best of a few: the shorter the way, the less is uncertain. */
async function readClock(session: Session): Promise<ClockSample | null> {
  const samples: ClockSample[] = [];
  for (let count = 0; count < clockSamples; count++) {
    // In this order a pause between the two counts as a long way.
    const asked = performance.now();
    const wall = Date.now();
    const answer = await session.ask("TIME");
    const half = (performance.now() - asked) / 2;
    const time = answer.ok ? epochOf(answer.value) : null;
    // One more for the whole ms in which this machine's clock is read.
    if (time !== null) samples.push({ offset: time - wall - half, uncertainty: half + 1 });
  }
  return samples.sort((a, b) => a.uncertainty - b.uncertainty)[0] ?? null;
}

/** ms, of TIME's seconds and microseconds. */
function epochOf(value: unknown): number | null {
  if (!Array.isArray(value)) return null;
  const time = Number(value[0]) * 1_000 + Number(value[1]) / 1_000;
  return Number.isFinite(time) ? time : null;
}

/** `now`: by the server's clock. */
function abstentionOf(marker: unknown, now: number): number | null {
  if (typeof marker !== "string") return null;
  const { memory } = readMarker(marker, { runId: null, now, watermark: 0, longLeft: 0 });
  return memory?.state === "abstaining" && memory.left > 0 ? memory.left : null;
}

/** A server may answer with anything. */
function read<T>(answer: Answer<unknown>, reader: (value: unknown) => T | null): Answer<T> {
  if (!answer.ok) return answer;
  const value = reader(answer.value);
  return value === null
    ? { ok: false, refusal: { code: "", message: "an answer that makes no sense" } }
    : { ok: true, value };
}

function pairOf(answer: Answer<unknown>): [string, string][] {
  if (!answer.ok || !Array.isArray(answer.value) || answer.value.length < 2) return [];
  return [[String(answer.value[0]), String(answer.value[1])]];
}
