import type { LockNode } from "../../engine/node/lock-node.js";
import { systemClock } from "../../engine/time/system-clock.js";
import { acquiring } from "./acquiring.js";
import { batching } from "./batching.js";
import type { NodeCase } from "./case.js";
import { reachesConnection } from "./commands.js";
import { fencing } from "./fencing.js";
import { handingOver } from "./handing-over.js";
import { inspecting } from "./inspecting.js";
import { releasing } from "./releasing.js";
import { renewing } from "./renewing.js";
import { subscribing } from "./subscribing.js";

/** A test of a node, for any test runner. */
export interface ContractCase {
  /** A sentence about the node, such as "acquire grants a free key". Unique in the contract. */
  readonly name: string;
  /** Rejects with the expected and the actual value if the node breaks the contract. */
  readonly run: () => Promise<void>;
}

/** ms for a new node to become ready. */
const connectTimeout = 10_000;

/** The cases of every node, whatever its client. */
export const nodeCases: readonly NodeCase[] = [
  ...acquiring,
  ...renewing,
  ...handingOver,
  ...releasing,
  ...fencing,
  ...batching,
  ...inspecting,
  ...subscribing,
];

/**
 * The tests that every node must pass, such as the `redisNode` of a client of your own. Each case makes a node, connects it
 * and closes it. The cases use keys of their own, on a real server, and may run side by side.
 *
 * ```ts
 * for (const { name, run } of nodeContract(createNode)) test(name, run);
 * ```
 */
export function* nodeContract(createNode: () => LockNode | Promise<LockNode>): Generator<ContractCase> {
  for (const { name, run } of nodeCases) {
    yield {
      name,
      run: async () => {
        const node = await createNode();
        try {
          await connected(node);
          await run(node);
        } finally {
          await node.close();
        }
      },
    };
  }
}

async function connected(node: LockNode): Promise<void> {
  const ready = reachesConnection(node, "ready");
  node.connect();
  await new Promise<void>((resolve, reject) => {
    const late = systemClock.after(connectTimeout, () =>
      reject(
        new Error(
          `${node.name} was not ready within ${connectTimeout} ms: ${node.trouble || "no reason given"}`,
        ),
      ),
    );
    void ready.then(() => {
      late.cancel();
      resolve();
    });
  });
}
