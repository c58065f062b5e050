import type { InspectionEvent } from "../../../lock/lock-actor.js";
import { pass, type Recovery, reasonOf, timed } from "./recovery.js";

/** ms for which the event loop is busy in each turn. */
const turns = [600, 1_500] as const;
/** ms; the default, and the one that it comes to for this ttl. */
const [ttl, nodeTimeout] = [10_000, 500];
/** ms that a message takes, at most. */
const latency = 4;
const lasting = 16_000;

/**
 * A busy event loop costs neither a lease nor an acquisition, as long as the ttl is a few turns: replies that lie in the
 * socket when a timer fires count.
 */
export async function checkLag({ aggregate, findings, random }: Recovery): Promise<void> {
  let silences = 0;
  const inspect = (told: InspectionEvent) => {
    if ((told as { event?: { type?: string } }).event?.type === "SILENT") silences++;
  };
  const { host, links, locks } = aggregate.newcomer(nodeTimeout, { xstate: { inspect } });
  for (const link of links) link.calmDown(0.05, latency);
  const turn = random.pick(turns);
  let lost: string | null = null;
  const lease = await locks.acquire("lag", {
    ttl,
    wait: 5_000,
    onLost: ({ acquisition, reason }) => {
      lost = reason;
      aggregate.oracle.loss.called(acquisition);
    },
  });
  silences = 0;
  host.lag(turn, aggregate.timeline.now + lasting);
  const second = timed(
    aggregate,
    locks.acquire("lag too", {
      ttl,
      wait: lasting,
      onLost: ({ acquisition }) => aggregate.oracle.loss.called(acquisition),
    }),
  );
  await pass(aggregate, lasting + 2 * turn);
  const { value: other, error } = await second;
  findings.looked();
  const name = `${host.name}, busy for ${turn} ms a turn,`;
  if (lost !== null) findings.report(`${name} loses a lease of ${ttl} ms: ${lost}`);
  if (silences > 0) findings.report(`${name} takes its own silence for that of nodes, ${silences} times`);
  if (other === undefined) findings.report(`${name} is refused a free lock: ${reasonOf(error)}`);
  await lease.release();
  await other?.release();
}
