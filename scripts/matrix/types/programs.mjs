/** Programs that a compiler must accept. Each line after `@ts-expect-error` must be refused. */

const uses = `
declare const addresses: string[];
declare const one: string | string[];
declare const fixed: readonly ["a", "b"];
const plain = {
  set: async (_key: string, _value: string, _options: { NX: boolean; PX: number }) => "OK",
  eval: async (_script: string, _keys: string[], _args: string[]): Promise<unknown> => [],
};
const locks: Locks = createLocks({ nodes: ["redis://db-1", memoryNode(), plain] });
createLocks({ nodes: addresses, ttl: 5_000 });
createLocks({ nodes: [...addresses, memoryNode()] as const });

createLocks({
  nodes: addresses,
  ...{ ttl: undefined, wait: undefined, retry: undefined, renew: undefined, maxHold: undefined, fair: undefined },
  ...{ onLost: undefined, prefix: undefined, nodeTimeout: undefined, connectTimeout: undefined, owner: undefined },
  ...{ driftFactor: undefined, grouping: undefined, maxPending: undefined, quarantine: undefined },
  ...{ unidentified: undefined, publish: undefined, onListenerError: undefined, logger: undefined },
  ...{ xstate: undefined, clock: undefined, random: undefined },
});
createLocks({ nodes: addresses, retry: { count: undefined }, publish: { stepsPerSecond: undefined } });
new Redlock(addresses);
new Redlock(new Set([plain]), { nodeTimeout: undefined });
new Redlock([plain, memoryNode(undefined, { clock: undefined }), "redis://db-1"] as const);
declare const iterable: Iterable<typeof plain>;
new Redlock(iterable, 3, 200);
class OwnRedlock extends Redlock {}
new OwnRedlock([{ eval: (_script: string) => null }]);

async function work(): Promise<number> {
  await locks.acquire(one, { wait: 1_000 });
  await locks.acquire(fixed);
  await locks.acquire("a", { ttl: undefined, signal: undefined, fence: undefined });
  await locks.using("a", { rejectOnLoss: undefined }, () => 1);
  await locks.ready({ timeout: undefined });
  await locks.close({ timeout: undefined });
  const lease = await locks.acquire(["a", "b"], { fence: true });
  const fence: number = lease.fence;
  const election = locks.election("a", { fence: true, onElected: (term) => void Math.max(term.fence) });
  await locks.election("b", { ttl: undefined, fence: undefined, onElected: undefined, onDeposed: undefined }).resign();
  await election.leader();
  await election.close();
  const text: string = await locks.using("a", async (held) => String(held.remaining()));
  const inspector = await serveInspector(locks, { port: 0, token: undefined });
  await inspector.close();
  guard(fence).check(null);
  const { violations } = await simulate({ seed: 1, trace: undefined });
  instrumentLocks(locks, { tracerProvider: undefined });
  const lock = await new Redlock([plain], { retryCount: 1, retryDelay: undefined }).acquire(["a"], 1_000);
  await lock.release();
  return text.length + violations.length;
}
void work();

// @ts-expect-error: no nodes
createLocks({ nodes: [] });
// @ts-expect-error: no option
createLocks({ nodes: addresses, tll: 5_000 });
// @ts-expect-error: a number
createLocks({ nodes: [6379] });
// @ts-expect-error: an object without methods
createLocks({ nodes: [{}] });
// @ts-expect-error: a date
createLocks({ nodes: [new Date()] });
// @ts-expect-error: a map, which has only one of the methods
createLocks({ nodes: [new Map<string, string>()] });
// @ts-expect-error: a promise of a client
createLocks({ nodes: [Promise.resolve(plain)] });
// @ts-expect-error: a list
createLocks({ nodes: [addresses] });
// @ts-expect-error: nothing
createLocks({ nodes: [undefined] });
// @ts-expect-error: a function
createLocks({ nodes: [() => plain] });
// @ts-expect-error: no resources
void locks.acquire([]);
// @ts-expect-error: no resources
void locks.tryAcquire([]);
// @ts-expect-error: no resources
void locks.using([], () => 1);
// @ts-expect-error: no resources
locks.handle([]);
// @ts-expect-error: several names
locks.election(["a"]);
// @ts-expect-error: terms have a fence only with the option
locks.election("a", { onElected: (term) => term.fence });
// @ts-expect-error: no clients
new Redlock([]);
// @ts-expect-error: an object without methods
new Redlock([{}]);
// @ts-expect-error: a number
new Redlock([6379]);
// @ts-expect-error: a client instead of a list
new Redlock(plain);
// @ts-expect-error: a promise of a client
new Redlock([Promise.resolve(plain)]);
// @ts-expect-error: no resource
void locks.acquire(5);
`;

const imports = `
import { createLocks, type Locks, memoryNode } from "holdfast";
import { guard } from "holdfast/guard";
import { serveInspector } from "holdfast/inspector";
import { instrumentLocks } from "holdfast/telemetry";
import { simulate } from "holdfast/testing";
`;

export const esm = `${imports}import Redlock from "holdfast/redlock";${uses}`;
export const commonjs = `${imports}import Redlock = require("holdfast/redlock");${uses}`;
