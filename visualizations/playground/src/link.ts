import type { MemoryNode } from "../../../src/clients/memory/memory-node.js";
import type {
  Batch,
  Connection,
  LockNode,
  SubscriptionListener,
} from "../../../src/engine/node/lock-node.js";
import type { Identification, MemoryChange } from "../../../src/engine/protocol/memory.js";
import type { SetRecord } from "../../../src/engine/protocol/set-record.js";

/** One worker's way to a node. While it is parted, nothing arrives; what was sent arrives when it is joined. */
export class Link implements LockNode {
  readonly sharded = false;
  readonly renewsEach = true;
  private parted: Promise<void> | null = null;
  private end = (): void => {};

  constructor(private readonly node: MemoryNode) {}

  get name() {
    return this.node.name;
  }

  get keyspace() {
    return this.node.keyspace;
  }

  get connection(): Connection {
    return this.node.connection;
  }

  get trouble(): string {
    return this.node.trouble;
  }

  part(): void {
    this.parted ??= new Promise((resolve) => {
      this.end = resolve;
    });
  }

  join(): void {
    this.parted = null;
    this.end();
  }

  watch(listener: (connection: Connection, cause?: Error) => void): () => void {
    return this.node.watch(listener);
  }

  connect(): void {
    this.node.connect();
  }

  async identify(id: string, change: MemoryChange | null, age?: number): Promise<Identification> {
    await this.parted;
    return this.node.identify(id, change, age);
  }

  async recordSets(sets: string, former: string, watermark: number): Promise<SetRecord> {
    await this.parted;
    return this.node.recordSets?.(sets, former, watermark) as Promise<SetRecord>;
  }

  execute(batch: Batch): void {
    if (this.parted === null) this.node.execute(batch);
    else void this.parted.then(() => this.node.execute(batch));
  }

  subscribe(channel: string, listener: SubscriptionListener): (() => void) | null {
    const message = (text: string) => {
      if (this.parted === null) listener.message(text);
    };
    return this.node.subscribe(channel, {
      subscribed: () => listener.subscribed(),
      unsubscribed: () => listener.unsubscribed(),
      message,
    });
  }

  async close(): Promise<void> {}
}
