import type { AcquireOptions, Lease, LocksOptions } from "../../src/index.js";
import { granted } from "../engine/scripted-node.js";
import { scripted, settle } from "./scripted-locks.js";

/** ms of validity of a lease of 1 s. */
export const validity = 988;

let secrets = 0;
/** Makes all leases that were granted together due in the same step. */
const random = { secret: () => String(++secrets).padStart(22, "0"), fraction: () => 0 };

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
  await setup.clock.advance(validity / 2);
  return setup;
}

export const others = (...positions: number[]) => ({ kind: "partly", others: positions }) as const;

/** The resources named by the events with this name, in order. */
export const named = ({ events }: Pick<Setup, "events">, wanted: string): unknown[] =>
  events.filter(({ name }) => name === wanted).flatMap(({ event }) => event.resources);
