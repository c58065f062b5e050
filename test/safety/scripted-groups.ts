import type { AcquireOptions, Lease, LocksOptions } from "../../src/index.js";
import { granted } from "../engine/scripted-node.js";
import { scripted, settle } from "./scripted-locks.js";

/** ms of validity of a lease of 1 s. */
export const validity = 988;
/** ms between two steps of the clock to which renewals are rounded down. */
export const step = 99;

let secrets = 0;
const random = { secret: () => String(++secrets).padStart(22, "0"), fraction: () => 0.5 };

type Setup = ReturnType<typeof scripted> & { readonly leases: readonly Lease[] };

/** Leases of these resources, with a ttl of 1 s, on three nodes that renew leases together. */
export async function holding(
  resources: readonly (string | string[])[],
  acquire: AcquireOptions = {},
  options: Partial<LocksOptions> = {},
): Promise<Setup> {
  const setup = scripted(3, { grouping: true, random, ...options });
  for (const node of setup.nodes) node.renewsEach = true;
  const acquisitions = resources.map((resource) => setup.locks.acquire(resource, acquire));
  await settle();
  for (const node of setup.nodes) for (const arrival of node.of("acquire")) arrival.answer(granted);
  return { ...setup, leases: await Promise.all(acquisitions) };
}

/** The same when their renewal has just begun. */
export async function renewing(...args: Parameters<typeof holding>): Promise<Setup> {
  const setup = await holding(...args);
  const { length } = setup.nodes[0]?.ops ?? [];
  for (let ms = 0; ms < validity && setup.nodes[0]?.ops.length === length; ms++) await setup.clock.advance(1);
  return setup;
}

export const others = (...positions: number[]) => ({ kind: "partly", others: positions }) as const;

/** The resources named by the events with this name, in order. */
export const named = ({ events }: Pick<Setup, "events">, wanted: string): unknown[] =>
  events.filter(({ name }) => name === wanted).flatMap(({ event }) => event.resources);
