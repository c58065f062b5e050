import { type MemoryNode, memoryNode } from "../../clients/memory.js";
import type { LockCommand } from "../../engine/command.js";
import type { Introduction, MemoryChange } from "../../engine/memory.js";
import type { Reply } from "../../engine/node.js";
import { type ClockTemper, NodeClock } from "./clocks.js";
import type { Timeline } from "./timeline.js";

/** What a node has when it is back. */
export type Memory = "same" | "old" | "lost";

/** One simulated server: a memory node with a clock of its own, reached over links. */
export class Server {
  readonly clock: NodeClock;
  readonly node: MemoryNode;
  /** Changes when it dies: what it had not answered is never answered. */
  life = 0;
  /** Whether it votes; false from the loss of its memory until it is known that it may. */
  remembers = true;
  private stops = 0;
  private deaths = 0;
  /** How it comes back, by all that has befallen it. */
  private begins = false;
  private forgets = false;

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
    mark: string | null,
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
    this.node.execute({ mark, requests });
  }

  introduce(
    id: string,
    change: MemoryChange | null,
    age: number,
    done: (introduction: Introduction) => void,
  ): void {
    const { life } = this;
    this.node.introduce(id, change, age).then(
      (introduction) => {
        this.remembers = introduction.memory?.state === "kept";
        if (life === this.life) done(introduction);
      },
      () => {},
    );
  }

  /** Dies, until as many `restart` have followed. */
  crash(): void {
    this.life++;
    if (this.deaths++ === 0) this.node.crash();
  }

  /** `same`: only its connections had been gone. `old`: it has begun anew, with its memory. */
  restart(memory: Memory): void {
    if (memory === "lost") this.forgets = true;
    if (memory !== "same") this.begins = true;
    if (--this.deaths > 0) return;
    if (this.begins) {
      this.remembers = false;
      this.node.restart({ keepMemory: !this.forgets });
    } else {
      this.node.reconnect();
    }
    this.begins = this.forgets = false;
    if (this.stops > 0) this.node.hang();
  }

  /** Forgets everything, and goes on. */
  flush(): void {
    this.remembers = false;
    this.node.flush();
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
