import { randomUUID } from "node:crypto";
import { causeOf } from "../../engine/node/abstention.js";
import { type Memory, readMarker } from "../../engine/protocol/memory.js";
import { NewerMemoryError } from "../../engine/protocol/protocol-version.js";
import { isDescription, type SetUse } from "../../engine/protocol/set-record.js";
import { admittedKey, markerKey, setsKey, watermarkKey } from "../../engine/protocol/side-keys.js";
import { readEndedQuarantine } from "../admit/ended-quarantine.js";
import { EntryError, enter } from "./entry.js";
import type { Answer, ClockSample, NodeFacts, Reached } from "./facts.js";
import { Info } from "./info.js";
import { Session } from "./session.js";
import type { Target } from "./target.js";
import { harmlessScript, tryRights, writeTo } from "./trials.js";

const pingCount = 7;
const clockSamples = 3;
/** The parameters to ask for with CONFIG GET; INFO has the rest. */
const configured = ["appendfsync", "aof-load-truncated", "min-replicas-to-write"];

/** Examines one node until it has been silent for `timeout` ms. Changes nothing on the server. */
export async function probe(target: Target, prefix: string, timeout: number): Promise<NodeFacts> {
  const place = { node: target.name, database: target.database };
  const session = await Session.prepare(target, timeout);
  try {
    const { passwordUnneeded } = await enter(session, target);
    return { ...place, reached: true, passwordUnneeded, ...(await examine(session, prefix)) };
  } catch (thrown) {
    if (!(thrown instanceof EntryError)) throw thrown;
    return { ...place, reached: false, failure: thrown.failure, message: thrown.message };
  } finally {
    session.close();
  }
}

type Examination = Omit<Reached, "node" | "database" | "reached" | "passwordUnneeded">;

async function examine(session: Session, prefix: string): Promise<Examination> {
  const pings = await timePings(session);
  const clock = await readClock(session);
  // A name that no other program uses, so that trying commands on it has no effect.
  const name = `holdfast-doctor:${randomUUID()}`;
  const [told, cluster, script, write, marker, admitted, sets, watermark, ...config] = await Promise.all([
    session.ask("INFO"),
    session.ask("CLUSTER", "INFO"),
    session.ask("EVAL", harmlessScript, "1", prefix + name),
    session.ask(...writeTo(prefix + name)),
    session.ask("GET", markerKey),
    session.ask("GET", admittedKey),
    session.ask("HGETALL", setsKey),
    session.ask("GET", watermarkKey),
    ...configured.map((parameter) => session.ask("CONFIG", "GET", parameter)),
  ]);
  const now = Date.now() + (clock?.offset ?? 0);
  const info = read(told, infoOf);
  const clusterInfo = read(cluster, infoOf);
  const runId = info.ok ? info.value.text("run_id") : null;
  const { memory, newerVersion } = memoryOf(marker, runId, now);
  const trials = await tryRights(session, prefix, name);
  return {
    peer: session.peer,
    pings,
    clock,
    info,
    clusterSize: clusterInfo.ok ? clusterInfo.value.number("cluster_size") : null,
    config: new Map(config.flatMap(pairOf)),
    script,
    write,
    trials,
    marker: memory.ok ? { ok: true, value: memory.value.state !== "lost" } : memory,
    newerVersion,
    abstains: memory.ok ? abstentionOf(memory.value) : null,
    admitted: admitted.ok ? readEndedQuarantine(admitted.value) : null,
    sets: read(sets, (value) => setUsesOf(value, now)),
    watermark: watermark.ok ? Number(watermark.value ?? 0) || null : null,
    complete: !session.timedOut,
  };
}

const infoOf = (value: unknown): Info | null => (typeof value === "string" ? new Info(value) : null);

/** Round trips of pings in ms, one after the other. */
async function timePings(session: Session): Promise<number[]> {
  const roundTrips: number[] = [];
  for (let count = 0; count < pingCount; count++) {
    const asked = performance.now();
    await session.ask("PING");
    if (!session.timedOut) roundTrips.push(performance.now() - asked);
  }
  return roundTrips;
}

/** The sample with the shortest round trip, which is the least uncertain. */
async function readClock(session: Session): Promise<ClockSample | null> {
  const samples: ClockSample[] = [];
  for (let count = 0; count < clockSamples; count++) {
    // In this order a pause between the two readings counts towards the uncertainty.
    const asked = performance.now();
    const wall = Date.now();
    const answer = await session.ask("TIME");
    const half = (performance.now() - asked) / 2;
    const time = answer.ok ? epochOf(answer.value) : null;
    // One more for the resolution of 1 ms of this machine's clock.
    if (time !== null) samples.push({ offset: time - wall - half, uncertainty: half + 1 });
  }
  return samples.sort((a, b) => a.uncertainty - b.uncertainty)[0] ?? null;
}

/** Epoch ms from TIME's seconds and microseconds. */
function epochOf(value: unknown): number | null {
  if (!Array.isArray(value)) return null;
  const time = Number(value[0]) * 1_000 + Number(value[1]) / 1_000;
  return Number.isFinite(time) ? time : null;
}

/** `record`: the last use of each set by the server's clock, which shows `now`. RESP 3 gives a map as flat pairs too. */
function setUsesOf(record: unknown, now: number): SetUse[] | null {
  if (!Array.isArray(record)) return null;
  const uses: SetUse[] = [];
  for (let at = 0; at + 1 < record.length; at += 2) {
    const [sets, age] = [String(record[at]), Math.max(0, now - Number(record[at + 1]))];
    if (isDescription(sets) && Number.isFinite(age)) uses.push({ sets, age });
  }
  return uses;
}

/** `now`: by the server's clock. */
function memoryOf(
  marker: Answer<unknown>,
  runId: string | null,
  now: number,
): { readonly memory: Answer<Memory>; readonly newerVersion: number | null } {
  try {
    const memory = read(marker, (value) => {
      if (value !== null && typeof value !== "string") return null;
      return readMarker(value ?? "", { runId, now, watermark: 0, longLeft: 0 }).memory;
    });
    return { memory, newerVersion: null };
  } catch (thrown) {
    if (!(thrown instanceof NewerMemoryError)) throw thrown;
    const refusal = { code: "", message: thrown.message };
    return { memory: { ok: false, refusal }, newerVersion: thrown.version };
  }
}

const abstentionOf = (memory: Memory): Reached["abstains"] =>
  memory.state === "abstaining" && memory.left > 0 ? { cause: causeOf(memory), left: memory.left } : null;

/** Converts an answer whose value may be anything. */
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
