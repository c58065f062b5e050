import type { MemoryNode } from "../../src/clients/memory/memory-node.js";
import type {
  Batch,
  Connection,
  LockNode,
  Reply,
  SubscriptionListener,
} from "../../src/engine/node/lock-node.js";

/** A memory node that counts its batches and commands. */
export class CountedNode implements LockNode {
  batches = 0;
  commands = 0;
  unanswered = 0;
  maxUnanswered = 0;
  readonly keyspace = null;
  readonly sharded = false;
  readonly trouble = "";

  constructor(readonly memory: MemoryNode) {}

  get name(): string {
    return this.memory.name;
  }

  get connection(): Connection {
    return this.memory.connection;
  }

  watch(listener: (connection: Connection, cause?: Error) => void): () => void {
    return this.memory.watch(listener);
  }

  connect(): void {}

  identify(...asked: Parameters<LockNode["identify"]>): ReturnType<LockNode["identify"]> {
    return this.memory.identify(...asked);
  }

  execute({ mark, requests }: Batch): void {
    this.batches++;
    this.commands += requests.length;
    this.unanswered += requests.length;
    this.maxUnanswered = Math.max(this.maxUnanswered, this.unanswered);
    const counted = requests.map((request) => ({
      command: request.command,
      wanted: () => request.wanted(),
      answered: (reply: Reply) => {
        this.unanswered--;
        request.answered(reply);
      },
    }));
    this.memory.execute({ mark, requests: counted });
  }

  subscribe(channel: string, listener: SubscriptionListener): (() => void) | null {
    return this.memory.subscribe(channel, listener);
  }

  async close(): Promise<void> {}

  /** Returns the counts since the last call, and resets them. */
  look(): { batches: number; commands: number } {
    const { batches, commands } = this;
    this.batches = this.commands = 0;
    return { batches, commands };
  }
}
