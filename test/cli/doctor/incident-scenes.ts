import { createLocks, type Locks, type LocksOptions } from "../../../src/index.js";
import { type RedisServer, type ServerOptions, startServer } from "../../support/servers.js";

const started: RedisServer[] = [];
const opened: Locks[] = [];

/** Closes the locks and stops the servers of all scenes. */
export async function endScenes(): Promise<void> {
  await Promise.all(opened.map((locks) => locks.close({ timeout: 500 })));
  await Promise.all(started.map((server) => server.stop()));
}

/** A server of its own. */
export async function server(options: ServerOptions = {}): Promise<RedisServer> {
  const one = await startServer(options);
  started.push(one);
  return one;
}

/** Locks with the default options, unless others are given. */
export function locksOf(nodes: readonly string[], options: Partial<LocksOptions> = {}): Locks {
  const locks = createLocks({ ...options, nodes });
  opened.push(locks);
  return locks;
}

/** Locks that have used their nodes. */
export async function usedLocks(
  nodes: readonly string[],
  options: Partial<LocksOptions> = {},
): Promise<Locks> {
  const locks = locksOf(nodes, options);
  await (await locks.acquire("before")).release();
  return locks;
}

/** The nodes of an incident. */
interface Scene {
  /** Addresses. In the sentences below they are called "one", "two", "three". */
  readonly nodes: readonly string[];
  /** Default: a process that starts only now. */
  readonly locks?: Locks;
}

/** How an incident is induced, and how it is answered. */
export interface Incident {
  readonly what: string;
  readonly induce: () => Promise<Scene>;
  /** What `acquire` rejects with; "granted" if it does not reject. "…" stands for any text. */
  readonly acquire: "granted" | { readonly code: string; readonly says: string };
  /** What `holdfast doctor` prints, each line with what to do, and its exit code. */
  readonly doctor: { readonly exits: number; readonly says: readonly string[] };
}
