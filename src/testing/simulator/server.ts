import { type MemoryNode, memoryNode } from "../../clients/memory.js";
import type { LockCommand } from "../../engine/command.js";
import type { Reply } from "../../engine/node.js";
import { type ClockTemper, NodeClock } from "./clocks.js";
import type { Timeline } from "./timeline.js";

/** One simulated server: a memory node with a clock of its own, reached over links. */
export class Server {
  readonly clock: NodeClock;
  readonly node: MemoryNode;
  /** Changes when it dies: what it had not answered is never answered. */
  life = 0;
  private stops = 0;
  private deaths = 0;

  constructor(
    readonly name: string,
    timeline: Timeline,
    temper: ClockTemper,
  ) {
    this.clock = new NodeClock(timeline, temper);
    this.node = memoryNode(name, { clock: this.clock });
  }

  get up(): boolean {
    return this.node.connection === "ready";
  }

  execute(
    identity: string | null,
    commands: readonly LockCommand[],
    done: (replies: readonly Reply[]) => void,
  ): void {
    const { life } = this;
    const replies: Reply[] = [];
    const answered = (index: number) => (reply: Reply) => {
      replies[index] = reply;
      if (index === commands.length - 1 && life === this.life) done(replies);
    };
    const requests = commands.map((command, index) => ({
      command,
      wanted: () => true,
      answered: answered(index),
    }));
    this.node.execute({ identity, requests });
  }

  identify(done: (identity: string | null) => void): void {
    const { life } = this;
    this.node.identify().then(
      (identity) => life === this.life && done(identity),
      () => {},
    );
  }

  /** Dies, until as many `restart` have followed. */
  crash(): void {
    this.life++;
    if (this.deaths++ === 0) this.node.crash();
  }

  /** Whether it is back. */
  restart(keepMemory: boolean): boolean {
    if (--this.deaths > 0) return false;
    this.node.restart({ keepMemory });
    if (this.stops > 0) this.node.hang();
    return true;
  }

  /** Stands still until as many `goOn` have followed. */
  hang(): void {
    this.stops++;
    this.node.hang();
  }

  goOn(): void {
    if (--this.stops === 0) this.node.wake();
  }
}
