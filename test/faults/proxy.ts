import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";

/** How one way of a link is: `held` bytes are lost if the connection is cut, and arrive late if it is not. */
export interface Way {
  /** ms that each piece takes. */
  delay: number;
  held: boolean;
}

/** What one end of a connection has sent and the other has not got yet, in order. */
class Pipe {
  /** Nothing that is sent arrives any more, not even the end; nobody is told. */
  #forgotten = false;
  readonly #queue: { readonly due: number; readonly piece: Buffer | null }[] = [];
  #timer: NodeJS.Timeout | undefined;
  #lastDue = 0;

  constructor(
    readonly way: Way,
    readonly to: Socket,
  ) {}

  /** `null`: the end. */
  put(piece: Buffer | null): void {
    if (this.#forgotten) return;
    this.#lastDue = Math.max(this.#lastDue, performance.now() + this.way.delay);
    this.#queue.push({ due: this.#lastDue, piece });
    this.pump();
  }

  /** Sends on what is due. To be called when the way has changed, too. */
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

/** A port in front of a server, for one client alone: so each pair of them can be parted, one way or both. */
export class Link {
  readonly toServer: Way = { delay: 0, held: false };
  readonly toClient: Way = { delay: 0, held: false };
  /** Connections are closed as soon as they are made. */
  refusing = false;
  readonly #listener: Server;
  readonly #pipes = new Set<Pipe>();

  private constructor(public target: number) {
    this.#listener = createServer((client) => this.#join(client));
  }

  static async to(target: number): Promise<Link> {
    const link = new Link(target);
    // It listens for as long as it lives: its port can't become that of an outgoing connection.
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

  /** Ends all connections; what is under way is lost. */
  cut(): void {
    for (const pipe of this.#pipes) {
      pipe.drop();
      pipe.to.destroy();
    }
    this.#pipes.clear();
  }

  /**
   * As a middlebox that has forgotten the connections of this moment: nothing comes through any more, and nobody is told.
   * New connections work.
   */
  forget(): void {
    for (const pipe of this.#pipes) pipe.forget();
  }

  /** As if nothing had been; what was held arrives now. */
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
      // An end travels like all else: who is parted from the other hears nothing of it.
      from.on("error", () => {}).on("close", () => pipe.put(null));
      pipe.to.on("close", () => this.#pipes.delete(pipe));
    }
  }

  #pump(): void {
    for (const pipe of [...this.#pipes]) pipe.pump();
  }
}
