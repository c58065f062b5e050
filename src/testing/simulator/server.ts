import { failure } from "../../clients/failure.js";
import { type MemoryNode, memoryNode } from "../../clients/memory/memory-node.js";
import type { Reply } from "../../engine/node/lock-node.js";
import type { LockCommand } from "../../engine/protocol/command.js";
import type { Identification, MemoryChange } from "../../engine/protocol/memory.js";
import { type ClockError, NodeClock } from "./clocks.js";
import type { Timeline } from "./timeline.js";

/** What a node has when it is back. */
export type Memory = "same" | "old" | "lost";

/** Why a server refuses writes: its memory is full (then what frees memory is carried out), or it is a replica. */
export type Refusing = "OOM" | "READONLY";

const refusals: Record<Refusing, Reply> = {
  OOM: failure("refused", "OOM command not allowed when used memory > 'maxmemory'."),
  READONLY: failure("refused", "READONLY You can't write against a read only replica."),
};

/** What needs no more memory than there is. */
const freeing: readonly LockCommand["op"][] = ["release", "renew", "inspect"];

/** One simulated server: a memory node with a clock of its own, reached over links. */
export class Server {
  readonly clock: NodeClock;
  readonly node: MemoryNode;
  /** Changes when it dies: what it had not answered is never answered. */
  life = 0;
  /** Whether it votes; false from the loss of its memory until it is known that it may. */
  remembers = true;
  /** True time since when it is known to. */
  remembersSince = Number.NEGATIVE_INFINITY;
  /** True time at which it lost its memory last, or began to abstain because of that. */
  forgotAt = Number.NEGATIVE_INFINITY;
  /** ms by which its clock has fallen behind since then, because it was set or stood still. */
  behind = 0;
  /** The same, of all that its clock was set back; what it keeps lives for so much longer. */
  setBack = 0;
  /** Whether nobody has decided yet what becomes of it without its memory. */
  private undecided = false;
  /** Whether it has the script: clients that find that it has not send it whole. */
  knowsScript = false;
  private stops = 0;
  private deaths = 0;
  /** How it comes back, by all that has befallen it. */
  private begins = false;
  private forgets = false;
  private readonly refusing: Record<Refusing, number> = { OOM: 0, READONLY: 0 };

  /** `cold`: it is new, and nobody has used it before. */
  constructor(
    readonly name: string,
    private readonly timeline: Timeline,
    clockError: ClockError,
    cold: boolean,
  ) {
    this.clock = new NodeClock(timeline, clockError);
    this.node = memoryNode(name, { clock: this.clock });
    if (!cold) return;
    this.node.flush();
    this.forget();
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
    let missing = commands.length;
    const answered = (index: number) => (reply: Reply) => {
      replies[index] = reply;
      if (--missing === 0 && life === this.life) done(replies);
    };
    const requests = commands.map((command, index) => {
      const refusal = this.refusalOf(command);
      // It is refused no sooner than it would be carried out.
      if (refusal === null) return { command, wanted: () => true, answered: answered(index) };
      const { keys } = command;
      return {
        command: { op: "inspect", keys } as const,
        wanted: () => true,
        answered: () => answered(index)(refusal),
      };
    });
    this.node.execute({ mark, requests });
  }

  identify(
    id: string,
    change: MemoryChange | null,
    age: number,
    done: (identification: Identification | Error) => void,
  ): void {
    const { life } = this;
    const [refusal] = (Object.keys(refusals) as Refusing[]).filter((why) => this.refusing[why] > 0);
    const refused = refusal !== undefined;
    this.node.identify(refused ? "" : id, refused ? null : change, age).then(
      (identification) => {
        if (refused && change !== null) return done(new Error(refusal));
        const kept = identification.memory?.state === "kept";
        if (kept && !this.remembers) this.remembersSince = this.timeline.now;
        this.remembers = kept;
        if (identification.memory?.state === "abstaining" && this.undecided) {
          this.undecided = false;
          this.forgotAt = this.timeline.now;
        }
        if (life === this.life) done(identification);
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
      this.forget();
      this.knowsScript = false;
      this.node.restart({ keepMemory: !this.forgets });
    } else {
      this.node.reconnect();
    }
    this.begins = this.forgets = false;
    if (this.stops > 0) this.node.hang();
  }

  /** Forgets everything, and goes on. */
  flush(): void {
    this.forget();
    this.node.flush();
  }

  /** It does not remember, or will not when it is back. */
  forget(): void {
    this.remembers = false;
    this.undecided = true;
    this.forgotAt = this.timeline.now;
    this.behind = 0;
  }

  /** Stands still until as many `goOn` have followed. */
  hang(): void {
    this.stops++;
    this.node.hang();
  }

  goOn(): void {
    if (--this.stops === 0) this.node.wake();
  }

  /** Refuses writes until as many `accept` have followed. */
  refuse(why: Refusing): void {
    this.refusing[why]++;
  }

  accept(why: Refusing): void {
    this.refusing[why]--;
  }

  private refusalOf({ op }: LockCommand): Reply | null {
    if (this.refusing.READONLY > 0 && op !== "inspect") return refusals.READONLY;
    return this.refusing.OOM > 0 && !freeing.includes(op) ? refusals.OOM : null;
  }
}
