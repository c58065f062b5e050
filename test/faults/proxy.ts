import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";

/** The state of one direction of a link. Held bytes are lost if the connection is cut; otherwise they arrive late. */
export interface Way {
  /** The delay of each piece in ms. */
  delay: number;
  held: boolean;
}

/** The data in transit in one direction of a connection, in order. */
class Pipe {
  /** Whether all data, including the end, is dropped without notice. */
  #forgotten = false;
  readonly #queue: { readonly due: number; readonly piece: Buffer | null }[] = [];
  #timer: NodeJS.Timeout | undefined;
  #lastDue = 0;

  constructor(
    readonly way: Way,
    readonly to: Socket,
  ) {}

  /** Queues a piece; `null` is the end of the data. */
  put(piece: Buffer | null): void {
    if (this.#forgotten) return;
    this.#lastDue = Math.max(this.#lastDue, performance.now() + this.way.delay);
    this.#queue.push({ due: this.#lastDue, piece });
    this.pump();
  }

  /** Forwards the pieces that are due. Must also be called when `way` has changed. */
  pump(): void {
    clearTimeout(this.#timer);
    for (let next = this.#queue[0]; next && !this.way.held; next = this.#queue[0]) {
      const left = next.due - performance.now();
      if (left > 0) {
        this.#timer = setTimeout(() => this.pump(), Math.ceil(left));
        return;
      }
      this.#queue.shift();
      if (next.piece === null) this.to.destroySoon();
      else if (this.to.writable) this.to.write(next.piece);
    }
  }

  forget(): void {
    this.#forgotten = true;
    this.drop();
  }

  drop(): void {
    clearTimeout(this.#timer);
    this.#queue.length = 0;
  }
}

/** A proxy for one client and one server, so that each pair can be partitioned in one direction or both. */
export class Link {
  readonly toServer: Way = { delay: 0, held: false };
  readonly toClient: Way = { delay: 0, held: false };
  /** Whether new connections are closed immediately. */
  refusing = false;
  readonly #listener: Server;
  readonly #pipes = new Set<Pipe>();

  private constructor(public target: number) {
    this.#listener = createServer((client) => this.#join(client));
  }

  static async to(target: number): Promise<Link> {
    const link = new Link(target);
    // Always listening, so that no outgoing connection can get the port.
    link.#listener.listen(0, "127.0.0.1");
    await once(link.#listener, "listening");
    return link;
  }

  get port(): number {
    return (this.#listener.address() as AddressInfo).port;
  }

  hold(way: "toServer" | "toClient" | "both", held = true): void {
    if (way !== "toClient") this.toServer.held = held;
    if (way !== "toServer") this.toClient.held = held;
    this.#pump();
  }

  delay(ms: number): void {
    this.toServer.delay = ms;
    this.toClient.delay = ms;
  }

  /** Ends all connections; data in transit is lost. */
  cut(): void {
    for (const pipe of this.#pipes) {
      pipe.drop();
      pipe.to.destroy();
    }
    this.#pipes.clear();
  }

  /**
   * Acts like a middlebox that has lost the state of the current connections: it drops all their data without notice. New
   * connections work.
   */
  forget(): void {
    for (const pipe of this.#pipes) pipe.forget();
  }

  /** Ends all faults of the link and delivers held data. */
  heal(): void {
    this.refusing = false;
    this.delay(0);
    this.hold("both", false);
  }

  async close(): Promise<void> {
    this.cut();
    this.#listener.close();
    await once(this.#listener, "close");
  }

  #join(client: Socket): void {
    if (this.refusing) {
      client.on("error", () => {}).resetAndDestroy();
      return;
    }
    const server = connect(this.target, "127.0.0.1");
    const pipes = [new Pipe(this.toServer, server), new Pipe(this.toClient, client)] as const;
    for (const [index, from] of [client, server].entries()) {
      const pipe = pipes[index] as Pipe;
      this.#pipes.add(pipe);
      from.setNoDelay(true);
      from.on("data", (piece) => pipe.put(piece));
      // The end of a connection passes through the pipe too, so a partition hides it.
      from.on("error", () => {}).on("close", () => pipe.put(null));
      pipe.to.on("close", () => this.#pipes.delete(pipe));
    }
  }

  #pump(): void {
    for (const pipe of [...this.#pipes]) pipe.pump();
  }
}
