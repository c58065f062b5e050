import type { InspectionEvent } from "../../../lock/lock-actor.js";
import { type Recovery, reasonOf, sleep, timed } from "./recovery.js";

/** How long a tick of the event loop takes, in ms. */
const ticks = [600, 1_500] as const;
/** The default TTL, and the node timeout that follows from that TTL, in ms. */
const [ttl, nodeTimeout] = [10_000, 500];
/** Maximum latency, in ms. */
const latency = 4;
const lasting = 16_000;

/**
 * A busy event loop costs neither a lease nor an acquisition, as long as the TTL is a few ticks: replies that are in the
 * socket when a timer fires count.
 */
export async function checkLag({ simulation, findings, random }: Recovery): Promise<void> {
  let silences = 0;
  const inspect = (inspection: InspectionEvent) => {
    if ((inspection as { event?: { type?: string } }).event?.type === "SILENT") silences++;
  };
  const { host, links, locks } = simulation.addProgram(nodeTimeout, { xstate: { inspect } });
  for (const link of links) link.setLatency(0.05, latency);
  const tick = random.pick(ticks);
  let lost: string | null = null;
  const lease = await locks.acquire("lag", {
    ttl,
    wait: 5_000,
    onLost: ({ acquisition, reason }) => {
      lost = reason;
      simulation.oracle.loss.onLostCalled(acquisition);
    },
  });
  silences = 0;
  host.lag(tick, simulation.timeline.now + lasting);
  const second = timed(
    simulation,
    locks.acquire("lag too", {
      ttl,
      wait: lasting,
      onLost: ({ acquisition }) => simulation.oracle.loss.onLostCalled(acquisition),
    }),
  );
  await sleep(simulation, lasting + 2 * tick);
  const { value: other, error } = await second;
  findings.checked();
  const name = `${host.name}, busy for ${tick} ms in each tick,`;
  if (lost !== null) findings.report(`${name} loses a lease of ${ttl} ms: ${lost}`);
  if (silences > 0) findings.report(`${name} takes its own delay for unresponsive nodes, ${silences} times`);
  if (other === undefined) findings.report(`${name} is refused a free lock: ${reasonOf(error)}`);
  await lease.release();
  await other?.release();
}
