import { causeOf } from "../../../engine/node/abstention.js";
import { decodeIdentification, encodeIdentification } from "../../../engine/protocol/identification.js";
import {
  type Identification,
  isOfSingle,
  type Memory,
  type MemoryChange,
} from "../../../engine/protocol/memory.js";
import { NewerMemoryError } from "../../../engine/protocol/protocol-version.js";
import { aloneSoFar } from "../../../engine/protocol/refusal.js";
import { identificationScript } from "../../../engine/protocol/script.js";
import { longLeasesKey, markerKey, sideKeysOf } from "../../../engine/protocol/side-keys.js";
import type { Answer, Refusal } from "../facts.js";
import type { Session } from "../session.js";
import type { Obstacle } from "./obstacle.js";

const keys = [markerKey, sideKeysOf(false).watermark(""), longLeasesKey] as const;
/** An age in ms that no long lease has: the long leases are not counted. */
const noLongLeases = Number.MAX_SAFE_INTEGER;

/**
 * Asks a server for its memory of Holdfast's locks, after storing a new memory there if there is a `change`. `id`: a fresh
 * id to store on a server that has lost its memory; "" stores nothing. The memory is null if the user may not read it:
 * Holdfast does not check it then either.
 */
export async function askMemory(
  session: Session,
  id = "",
  change: MemoryChange | null = null,
): Promise<Answer<Identification>> {
  const args = encodeIdentification(id, change, noLongLeases);
  const answer = await session.ask("EVAL", identificationScript, String(keys.length), ...keys, ...args);
  if (!answer.ok) return isForbidden(answer.refusal) ? { ok: true, value: unknown } : answer;
  try {
    return { ok: true, value: decodeIdentification(answer.value) };
  } catch (thrown) {
    const message = thrown instanceof NewerMemoryError ? thrown.message : "an answer that makes no sense";
    return { ok: false, refusal: { code: "", message } };
  }
}

const unknown: Identification = { runId: null, id: null, memory: null };

const isForbidden = ({ code, message }: Refusal) =>
  code === "NOPERM" || /can't run this command/.test(message);

/**
 * Why each node does not vote; null for a node that votes. `memories`: of all nodes; undefined for a node that does not
 * answer, null where the memory is not known.
 */
export function abstentions(memories: readonly (Memory | null | undefined)[]): (Obstacle | null)[] {
  // Nodes that all are without a memory vote as soon as a lock is acquired.
  const isNew = memories.every((memory) => memory?.state === "lost");
  return memories.map((memory) =>
    memory === null || memory === undefined || isNew ? null : abstentionOf(memory, memories.length),
  );
}

function abstentionOf(memory: Memory, nodes: number): Obstacle | null {
  if (memory.state === "lost") {
    const cause = "it has no memory, and no program that locks with these nodes has noticed that yet";
    return { why: "noMemory", cause, left: null };
  }
  if (memory.state === "abstaining") {
    if (memory.left > 0) return { why: "quarantined", cause: causeOf(memory), left: memory.left };
    const cause = `${causeOf(memory)}, and votes again as soon as a program that locks with these nodes has asked the other nodes`;
    return { why: "quarantined", cause, left: null };
  }
  return nodes > 1 && isOfSingle(memory) ? { why: "noMemory", cause: aloneSoFar, left: null } : null;
}
