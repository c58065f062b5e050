import { once } from "node:events";
import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { Redis } from "ioredis";

type Outcome = { readonly result: unknown } | { readonly error: string };

/**
 * Speaks the REST protocol of Upstash in front of a real server: `POST /` with a command, `POST /pipeline` with several,
 * results in base64 on request, and a bearer token.
 */
export class UpstashFront {
  readonly token = "rest-token";
  readonly #redis: Redis;
  readonly #server: Server;
  /** The requests so far. */
  requests = 0;

  private constructor(redisPort: number) {
    this.#redis = new Redis(redisPort);
    this.#server = createServer(async (request, response) => {
      this.requests += 1;
      const { status, body } = await this.#answer(request);
      response.writeHead(status, { "content-type": "application/json", "upstash-sync-token": "1" });
      response.end(JSON.stringify(body));
    });
  }

  static async start(redisPort: number): Promise<UpstashFront> {
    const front = new UpstashFront(redisPort);
    front.#server.listen(0, "127.0.0.1");
    await once(front.#server, "listening");
    return front;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    this.#redis.disconnect();
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, "close");
  }

  async #answer(request: IncomingMessage): Promise<{ status: number; body: unknown }> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    if (request.headers.authorization !== `Bearer ${this.token}`) {
      return { status: 401, body: { error: "WRONGPASS invalid or missing auth token" } };
    }
    const isEncoded = request.headers["upstash-encoding"] === "base64";
    const command = JSON.parse(Buffer.concat(chunks).toString());
    if (request.url === "/pipeline") {
      return {
        status: 200,
        body: await Promise.all(command.map((each: unknown[]) => this.#run(each, isEncoded))),
      };
    }
    const outcome = await this.#run(command, isEncoded);
    return { status: "error" in outcome ? 400 : 200, body: outcome };
  }

  async #run([name, ...args]: readonly unknown[], isEncoded: boolean): Promise<Outcome> {
    try {
      const result = await this.#redis.callBuffer(String(name), ...args.map(String));
      return { result: inJson(result, isEncoded) };
    } catch (error) {
      return { error: (error as Error).message };
    }
  }
}

function inJson(value: unknown, isEncoded: boolean): unknown {
  if (Array.isArray(value)) return value.map((each) => inJson(each, isEncoded));
  if (!Buffer.isBuffer(value)) return value;
  const text = value.toString();
  return isEncoded && text !== "OK" ? value.toString("base64") : text;
}
