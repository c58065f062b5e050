import { causeOf, planFor } from "../../engine/node/abstention.js";
import { Membership } from "../../engine/protocol/membership.js";
import type { Identification, Memory } from "../../engine/protocol/memory.js";
import { admittedKey } from "../../engine/protocol/side-keys.js";
import { systemRandom } from "../../engine/time/random.js";
import type { Session } from "../doctor/session.js";
import type { Target } from "../doctor/target.js";
import { askMemory } from "../doctor/wait/node-state.js";
import { CommandError, exitCode } from "../exit.js";
import { type EndedQuarantine, endedQuarantineBy, recordTtl } from "./ended-quarantine.js";
import { withSession } from "./with-session.js";

/** How often the memory is changed again after a program changed it at the same time. */
const maxAttempts = 5;
/** These terms end an abstention, whatever the other nodes report. */
const admitting = { rule: 0, driftFactor: 0, nodeTimeout: 0, ttl: 0 } as const;

/** The memory of the other nodes; null for a node that could not be asked. */
export type Others = readonly (Identification | null)[];

/** Asks a node for its memory, and changes nothing. @throws CommandError if the node cannot be asked. */
export const identificationOf = (target: Target, timeout: number): Promise<Identification> =>
  withSession(target, timeout, (session) => ask(session, target));

/** Asks the other nodes for their memories. */
export const identificationsOf = (targets: readonly Target[], timeout: number): Promise<Others> =>
  Promise.all(targets.map((target) => identificationOf(target, timeout).catch(() => null)));

/** Whether the node votes, or its user may not read the memory, which is then not checked. */
export const votes = ({ memory }: Identification): boolean => memory === null || memory.state === "kept";

/**
 * Ends the abstention of a node, and records on the node who did it. `seen`: the memory that the user was told of. The
 * longest ttl and the highest fence are taken over from the other nodes. Returns the record, and why it could not be stored
 * or null; returns null if the node votes already.
 *
 * @throws CommandError if the node cannot be asked, or lost its memory once more.
 */
export function endQuarantine(
  target: Target,
  seen: Identification,
  others: Others,
  timeout: number,
): Promise<{ ended: EndedQuarantine; unrecorded: string | null } | null> {
  return withSession(target, timeout, async (session) => {
    const cause = await changeMemory(session, target, seen, others);
    if (cause === null) return null;
    const ended = endedQuarantineBy(cause, Date.now());
    const record = JSON.stringify(ended);
    const stored = await session.ask("SET", admittedKey, record, "PX", String(recordTtl));
    return { ended, unrecorded: stored.ok ? null : stored.refusal.message };
  });
}

/** Returns why the node did not vote; null if it votes already. */
async function changeMemory(
  session: Session,
  target: Target,
  seen: Identification,
  others: Others,
): Promise<string | null> {
  for (let attempt = 0; attempt < maxAttempts; attempt++) {
    const now = await ask(session, target, systemRandom.secret());
    if (now.memory === null || votes(now)) return null;
    if (isOtherLoss(seen, now)) {
      const line = `${target.name} lost its memory once more meanwhile: nothing was changed; look at it again`;
      throw new CommandError(exitCode.contended, line);
    }
    const plan = planFor(0, viewOf(now, others), admitting);
    if (plan?.kind !== "change") return null;
    const changed = await ask(session, target, systemRandom.secret(), plan.change);
    if (votes(changed)) return causeOf(now.memory);
  }
  const line = `${target.name} is being changed by a program at the same time: nothing was changed; try again`;
  throw new CommandError(exitCode.contended, line);
}

const viewOf = (own: Identification, others: Others) => ({
  membership: new Membership([own, ...others].map((_, index) => String(index))),
  joining: [],
  identifications: [own, ...others],
  previous: null,
  hadMemory: [true, ...others.map(() => true)],
  took: 0,
  repeats: 0,
  minAge: 0,
});

/** Whether the node lost its memory again after the user was told of it. */
function isOtherLoss(seen: Identification, now: Identification): boolean {
  if (seen.runId !== now.runId) return true;
  const before = seen.memory?.abstention ?? null;
  return before !== null && before.settles !== now.memory?.abstention?.settles;
}

async function ask(
  session: Session,
  { name }: Target,
  ...change: [id?: string, change?: Parameters<typeof askMemory>[2]]
): Promise<Identification> {
  const answer = await askMemory(session, ...change);
  if (answer.ok) return answer.value;
  throw new CommandError(exitCode.unavailable, `${name}: ${answer.refusal.message}`);
}

/** Why the node does not vote, and for how many more ms; null if that is not known yet. */
export const quarantineOf = (memory: Memory): { cause: string; left: number | null } => ({
  cause: memory.state === "abstaining" ? causeOf(memory) : "it has no memory",
  left: memory.state === "abstaining" ? memory.left : null,
});
