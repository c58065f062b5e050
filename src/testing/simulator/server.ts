import { type MemoryNode, memoryNode } from "../../clients/memory/memory-node.js";
import type { Reply } from "../../engine/node/lock-node.js";
import type { LockCommand } from "../../engine/protocol/command.js";
import type { Identification, MemoryChange } from "../../engine/protocol/memory.js";
import { failed } from "../../engine/protocol/refusal.js";
import type { SetRecord } from "../../engine/protocol/set-record.js";
import { type ClockError, NodeClock } from "./clocks.js";
import type { Timeline } from "./timeline.js";

/** How a node comes back. `same`: only its connections were lost. `old`: restarted, with its data. `lost`: restarted, empty. */
export type Memory = "same" | "old" | "lost";

/** Why a server refuses writes: its memory is full (commands that need no more memory still run), or it is a replica. */
export type Refusing = "OOM" | "READONLY";

const refusals: Record<Refusing, Reply> = {
  OOM: failed("refused", "OOM command not allowed when used memory > 'maxmemory'."),
  READONLY: failed("refused", "READONLY You can't write against a read only replica."),
};

type RecordSets = Exclude<MemoryNode["recordSets"], undefined>;

/** Commands that need no additional memory. */
const allowedWithoutMemory: readonly LockCommand["op"][] = ["release", "renew", "renewEach", "inspect"];

/** A simulated server: a memory node with its own clock, reached over links. */
export class Server {
  readonly clock: NodeClock;
  readonly node: MemoryNode;
  /** Increases when the server dies; requests of an earlier incarnation are never answered. */
  incarnation = 0;
  /** Whether the server votes: false from the loss of its memory until a client decides that the server may vote. */
  remembers = true;
  /** True time at which `remembers` last became true. */
  remembersSince = Number.NEGATIVE_INFINITY;
  /** True time at which the server last lost its memory, or began to abstain because of that. */
  forgotAt = Number.NEGATIVE_INFINITY;
  /** By how much the clock has fallen behind since then, in ms, because it was set back or paused. */
  behind = 0;
  /** By how much the clock was set back in total, in ms: keys expire later by this much. */
  setBack = 0;
  /** Whether no client has decided yet how long the server abstains after losing its memory. */
  private undecided = false;
  /** Whether the script is cached; otherwise clients send the whole script. */
  knowsScript = false;
  private stops = 0;
  private deaths = 0;
  /** How the server comes back: a restart or only a reconnection, with or without its memory. */
  private restarts = false;
  private losesMemory = false;
  private readonly refusing: Record<Refusing, number> = { OOM: 0, READONLY: 0 };

  /** `cold`: the server is new, and no client has used it. */
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
    const { incarnation } = this;
    const replies: Reply[] = [];
    let missing = commands.length;
    const answered = (index: number) => (reply: Reply) => {
      replies[index] = reply;
      if (--missing === 0 && incarnation === this.incarnation) done(replies);
    };
    const requests = commands.map((command, index) => {
      const refusal = this.refusalOf(command);
      // The refusal must not come sooner than the command would be executed.
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
    const { incarnation } = this;
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
        if (incarnation === this.incarnation) done(identification);
      },
      () => {},
    );
  }

  /** Records that these sets of nodes use the server; see {@link LockNode.recordSets}. */
  recordSets(...asked: [...Parameters<RecordSets>, done: (record: SetRecord) => void]): void {
    const [sets, former, watermark, done] = asked;
    const { incarnation } = this;
    this.node.recordSets?.(sets, former, watermark).then(
      (record) => {
        if (incarnation === this.incarnation) done(record);
      },
      () => {},
    );
  }

  /** Stops the server until `restart` has been called equally often. */
  crash(): void {
    this.incarnation++;
    if (this.deaths++ === 0) this.node.crash();
  }

  /** Ends one crash; the server comes back after the last one, with the least memory of all of them. */
  restart(memory: Memory): void {
    if (memory === "lost") this.losesMemory = true;
    if (memory !== "same") this.restarts = true;
    if (--this.deaths > 0) return;
    if (this.restarts) {
      this.forget();
      this.knowsScript = false;
      this.node.restart({ keepMemory: !this.losesMemory });
    } else {
      this.node.reconnect();
    }
    this.restarts = this.losesMemory = false;
    if (this.stops > 0) this.node.hang();
  }

  /** Deletes all data while the server keeps running. */
  flush(): void {
    this.forget();
    this.node.flush();
  }

  /** Records that the server has lost its memory, or will have lost it when it is back. */
  forget(): void {
    this.remembers = false;
    this.undecided = true;
    this.forgotAt = this.timeline.now;
    this.behind = 0;
  }

  /** Suspends the server until `resume` has been called equally often. */
  hang(): void {
    this.stops++;
    this.node.hang();
  }

  resume(): void {
    if (--this.stops === 0) this.node.wake();
  }

  /** Refuses writes until `accept` has been called equally often for the same reason. */
  refuse(why: Refusing): void {
    this.refusing[why]++;
  }

  accept(why: Refusing): void {
    this.refusing[why]--;
  }

  private refusalOf({ op }: LockCommand): Reply | null {
    if (this.refusing.READONLY > 0 && op !== "inspect") return refusals.READONLY;
    return this.refusing.OOM > 0 && !allowedWithoutMemory.includes(op) ? refusals.OOM : null;
  }
}
