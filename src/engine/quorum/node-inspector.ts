import { currentContext } from "../../support/platform.js";
import type { Reply } from "../node/lock-node.js";
import type { QuorumMember } from "../node/quorum-member.js";
import { PendingCommand } from "../node/request-queue.js";
import type { LockCommand } from "../protocol/command.js";
import { failed } from "../protocol/refusal.js";
import type { Clock } from "../time/clock.js";
import { Waits } from "./waits.js";

/** The reply of one node about keys; `failed` if the node could not be asked. */
export interface NodeReport {
  readonly node: string;
  readonly reply: Reply;
}

const closed: Reply = failed("notReady", "closed");

/** Asks every node for the holders of keys. Changes nothing on the nodes. */
export class NodeInspector {
  private readonly waits: Waits;
  /** Called when a node has been identified. */
  private readonly listeners = new Set<() => void>();
  private closed = false;

  constructor(
    private readonly members: readonly QuorumMember[],
    clock: Clock,
    /** Limits in ms for a node to connect and to be identified, and then to answer. */
    private readonly timeouts: { readonly connect: number; readonly answer: number },
  ) {
    this.waits = new Waits(clock);
  }

  inspect(keys: readonly string[]): Promise<NodeReport[]> {
    return Promise.all(this.members.map((member) => this.inspectAt(member, keys)));
  }

  /** A node has been identified. */
  identified(): void {
    for (const listener of [...this.listeners]) listener();
  }

  close(): void {
    this.closed = true;
    this.waits.endAll();
  }

  /**
   * Asks one node. A node that is not identified yet first gets the connect timeout for that. Only a node that reports shared
   * keys is asked for their readers, because that takes a right and, in a Cluster, a hash slot that is not being moved.
   */
  private async inspectAt(member: QuorumMember, keys: readonly string[]): Promise<NodeReport> {
    if (!member.server.known && member.node.connection !== "down") await this.untilKnown(member);
    const first = await this.ask(member, { op: "inspect", keys });
    const { reply } = first;
    if (reply.kind !== "report" || !reply.keys.some(({ holder }) => holder?.mode === "shared")) return first;
    const second = await this.ask(member, { op: "inspect", keys, readers: true });
    return second.reply.kind === "report" ? second : first;
  }

  private ask(member: QuorumMember, command: LockCommand): Promise<NodeReport> {
    return new Promise((resolve) => {
      if (this.closed) return resolve({ node: member.name, reply: closed });
      let wanted = true;
      const done = (reply: Reply) => {
        wanted = false;
        endWait();
        resolve({ node: member.name, reply });
      };
      const { answer } = this.timeouts;
      const endWait = this.waits.start(answer, () =>
        done(this.closed ? closed : member.silentFor(answer, false)),
      );
      member.ask(new InspectCommand(command, () => wanted, done));
    });
  }

  /** Waits until the server is identified, whether or not the node votes. */
  private untilKnown(member: QuorumMember): Promise<void> {
    return new Promise((resolve) => {
      let unlisten = () => {};
      const done = () => {
        endWait();
        this.listeners.delete(check);
        unlisten();
        resolve();
      };
      const endWait = this.waits.start(this.timeouts.connect, done);
      const check = () => {
        if (member.server.known) done();
      };
      this.listeners.add(check);
      unlisten = member.whenIdentified(done);
    });
  }
}

class InspectCommand extends PendingCommand {
  readonly caller = currentContext();

  constructor(
    readonly command: LockCommand,
    readonly wanted: () => boolean,
    readonly onReply: (reply: Reply) => void,
  ) {
    super();
  }
}
