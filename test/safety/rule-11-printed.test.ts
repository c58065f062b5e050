import { inspect } from "node:util";
import { expect, it, onTestFinished } from "vitest";
import { createLocks, memoryNode } from "../../src/index.js";
import { noteSecrets } from "../support/noted-secrets.js";

const password = "correct-horse";

/** A client that keeps its password where everybody can read it, as the clients of Redis do. */
const client = {
  options: { password },
  set: () => Promise.reject(new Error("no server")),
  eval: () => Promise.reject(new Error("no server")),
};

it.each([undefined, () => {}])(
  "rule 11: nothing that a program gets prints a token or a password, inspected by %o",
  async (observer) => {
    const { random, secrets } = noteSecrets();
    const locks = createLocks({
      nodes: [memoryNode(), memoryNode(), client],
      random,
      xstate: { inspect: observer },
    });
    onTestFinished(() => locks.close({ timeout: 0 }));
    const handle = locks.handle("a");
    await handle.acquire();
    const lease = await locks.acquire("b");
    const shared = locks.handle("c", { mode: "shared" });
    await shared.acquire();
    const semaphore = locks.semaphore("d", { permits: 2 });
    const permit = semaphore.handle();
    await permit.acquire();
    const election = locks.election("e");
    await new Promise<void>((resolve) => void election.once("elected", () => resolve()));

    const actors = [handle, election].map(({ actor }) => actor);
    const all = { locks, handle, lease, shared, semaphore, permit, election, term: election.term, actors };
    const snapshots = actors.map((actor) => actor.getSnapshot());
    expect(secrets.length).toBeGreaterThan(5);
    for (const [name, value] of Object.entries({ ...all, snapshots })) {
      const printed = inspect(value, { depth: 10 }) + inspect(value, { depth: 6, showHidden: true });
      const shown = [password, ...secrets.slice(1)].filter((secret) => printed.includes(secret));
      expect(shown, name).toEqual([]);
    }
  },
);
