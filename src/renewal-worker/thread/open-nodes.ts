import { AddressScriptClient } from "../../clients/address.js";
import { lastingCause } from "../../clients/connection-cause.js";
import { type ConnectionListener, ConnectionListeners } from "../../clients/connection-listeners.js";
import type { NodeInput } from "../../clients/node-input.js";
import { recogniseNode } from "../../clients/recognise.js";
import { RedisNode } from "../../clients/redis-node.js";
import type { Batch, LockNode } from "../../engine/node/lock-node.js";
import { messageOf } from "../../engine/protocol/error-message.js";
import { failed } from "../../engine/protocol/refusal.js";
import type { NodeSource } from "../messages.js";

type LoadClient = ConstructorParameters<typeof AddressScriptClient>[3];

/** Opens the nodes of the worker. A module that cannot be imported, or gives no client, is a node that never connects. */
export function openNodes(sources: readonly NodeSource[], load: LoadClient): Promise<LockNode[]> {
  return Promise.all(
    sources.map(async (source, index) => {
      if ("address" in source)
        return new RedisNode(new AddressScriptClient(source.address, source.option, undefined, load));
      try {
        return renamed(recogniseNode(await exported(source), index), source.name);
      } catch (error) {
        return new MissingNode(source.name, `the module gives no client: ${messageOf(error)}`);
      }
    }),
  );
}

async function exported(source: Extract<NodeSource, { module: string }>): Promise<NodeInput> {
  const loaded: Record<string, unknown> = await import(source.module);
  // The default export of a CommonJS module is an object of all of its exports.
  const found = loaded[source.export] ?? (loaded.default as Record<string, unknown>)?.[source.export];
  if (found === undefined) throw new Error(`it has no export ${JSON.stringify(source.export)}`);
  const made: unknown = typeof found === "function" ? await found() : await found;
  if (typeof made === "string") throw new Error("it gives an address: give the address in `nodes`");
  return made as NodeInput;
}

/** The main thread knows the node by the name of its module before the client is made. */
const renamed = (node: LockNode, name: string): LockNode =>
  new Proxy(node, {
    get(target, property) {
      if (property === "name") return name;
      const value: unknown = Reflect.get(target, property, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });

/** A node that could not be opened. */
class MissingNode implements LockNode {
  readonly keyspace = null;
  readonly sharded = false;
  readonly connection = "connecting";
  readonly troubleLasts = true;
  private readonly listeners = new ConnectionListeners();

  constructor(
    readonly name: string,
    readonly trouble: string,
  ) {}

  watch(listener: ConnectionListener): () => void {
    return this.listeners.add(listener);
  }

  connect(): void {
    this.listeners.notify("connecting", lastingCause(this.trouble));
  }

  identify(): Promise<never> {
    return Promise.reject(new Error(this.trouble));
  }

  execute({ requests }: Batch): void {
    for (const request of requests) request.answered(failed("notReady", this.trouble, true));
  }

  subscribe(): null {
    return null;
  }

  async close(): Promise<void> {}
}
