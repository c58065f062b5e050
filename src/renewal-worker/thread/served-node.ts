import type { Connection, LockNode, Reply, Request } from "../../engine/node/lock-node.js";
import { messageOf } from "../../engine/protocol/error-message.js";
import { LastingError } from "../../engine/protocol/refusal.js";
import { claims } from "../../engine/protocol/traits.js";
import type { FromWorker, NodeStatus, PassedError, ToWorker } from "../messages.js";

type Told<Type extends ToWorker["type"]> = Extract<ToWorker, { type: Type }>;

/** A node of the worker, for the main thread: executes what the main thread asks, in order, and tells its connection. */
export class ServedNode {
  /** The commands in flight that may set a key, by their tokens. */
  private readonly claiming = new Map<string, Set<PassedRequest>>();
  private readonly unwatch: () => void;

  constructor(
    readonly node: LockNode,
    private readonly index: number,
    private readonly tell: (message: FromWorker) => void,
    private readonly reply: (number: number, reply: Reply) => void,
    /** Whether the lease of this token was lost in the worker, which the main thread may not know yet. */
    private readonly isLost: (token: string) => boolean,
  ) {
    this.unwatch = node.watch((connection, cause) => this.tellStatus(connection, cause));
    this.tellStatus(node.connection, node.trouble === "" ? undefined : new Error(node.trouble));
  }

  /** Connects the node, or tells again why it cannot be. */
  connect(): void {
    const { node } = this;
    node.connect();
    if (node.troubleLasts === true) this.tellStatus(node.connection, new Error(node.trouble));
  }

  replace(): void {
    const outcome = this.node.replaceConnection?.() ?? "impossible";
    this.tell({ type: "replaced", node: this.index, outcome });
  }

  execute({ mark, first, commands }: Told<"batch">): void {
    const requests: PassedRequest[] = [];
    for (const [at, command] of commands.entries()) {
      // The keys are being released, so they must not be set again.
      if (command.op === "heal" && this.isLost(command.token)) {
        this.reply(first + at, { kind: "denied", holder: null });
        continue;
      }
      const request = new PassedRequest(command, first + at, this);
      this.note(request);
      requests.push(request);
    }
    if (requests.length > 0) this.node.execute({ mark, requests });
  }

  answered(request: PassedRequest, reply: Reply): void {
    const { command } = request;
    if ("token" in command) {
      const others = this.claiming.get(command.token);
      if (others?.delete(request) && others.size === 0) this.claiming.delete(command.token);
    }
    this.reply(request.number, reply);
  }

  call({ call, method, args }: Told<"call">): void {
    const target = method === "close" ? () => this.close() : this.node[method];
    const called = async () => {
      if (target === undefined) throw new Error(`this node cannot ${method}`);
      return (target as (...all: readonly unknown[]) => unknown).apply(this.node, args as unknown[]);
    };
    called().then(
      (value) => {
        // The server may turn out to be in cluster mode.
        if (method === "identify") this.tellStatus(this.node.connection, undefined);
        this.tell({ type: "result", call, value });
      },
      (error) => this.tell({ type: "failure", call, error: passedError(error) }),
    );
  }

  subscribe({ subscription, channel }: Told<"subscribe">): (() => void) | null {
    const { tell } = this;
    const end = this.node.subscribe(channel, {
      subscribed: () => tell({ type: "subscribed", subscription }),
      unsubscribed: () => tell({ type: "unsubscribed", subscription }),
      message: (message) => tell({ type: "message", subscription, message }),
    });
    if (end === null) tell({ type: "unsubscribed", subscription });
    return end;
  }

  /** A release follows the commands that it undoes, so none of them may be sent after it. */
  private note(request: PassedRequest): void {
    const { command } = request;
    if (command.op === "release" || command.op === "giveBack") {
      const token = command.op === "release" ? command.token : command.from;
      for (const earlier of this.claiming.get(token) ?? []) earlier.givenUp = true;
    } else if (claims(command)) {
      const others = this.claiming.get(command.token);
      if (others === undefined) this.claiming.set(command.token, new Set([request]));
      else others.add(request);
    }
  }

  private close(): Promise<void> {
    this.unwatch();
    return this.node.close();
  }

  private tellStatus(connection: Connection, cause: Error | undefined): void {
    const { node, index: at } = this;
    const status: NodeStatus = {
      connection,
      keyspace: node.keyspace,
      trouble: node.trouble,
      troubleLasts: node.troubleLasts === true,
      sharded: node.sharded,
      renewsEach: node.renewsEach === true,
      opaque: node.opaque === true,
      writesLater: node.writesLater === true,
    };
    const message = { type: "node" as const, node: at, status };
    this.tell(cause === undefined ? message : { ...message, cause: cause.message });
  }
}

/** A request of the main thread. Its number is that of the reply. */
class PassedRequest implements Request {
  givenUp = false;

  constructor(
    readonly command: Request["command"],
    readonly number: number,
    private readonly node: ServedNode,
  ) {}

  wanted(): boolean {
    return !this.givenUp;
  }

  answered(reply: Reply): void {
    this.node.answered(this, reply);
  }
}

const passedError = (error: unknown): PassedError => ({
  message: messageOf(error),
  lasting: error instanceof LastingError ? error.reason : null,
});
