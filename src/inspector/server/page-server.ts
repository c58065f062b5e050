import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { CannotListenError } from "../../errors.js";
import { printable } from "../../support/redaction.js";
import { packageVersion } from "../../support/version.js";
import type { AccessToken } from "./access-token.js";
import { HostNames } from "./host-names.js";
import type { ListenAddress } from "./listen-address.js";
import { Metrics } from "./metrics.js";
import { readPage } from "./page-files.js";
import { refuse } from "./reply.js";
import { admissionOf, refusalOf } from "./request-policy.js";
import { Routes } from "./routes.js";
import type { Shown } from "./shown.js";

/** Bytes of a request's head; it has no body. */
const longestHead = 8_192;
/** ms for a request's head to come in; and of silence on a connection that has no request under way. */
const headTime = 5_000;
/** Connections at one time: those of the readers, and a few for what pages ask besides. */
const mostConnections = 200;

/** ms that the readers have to read on. */
const partingTime = 500;

/** A page and its events, over HTTP. */
export class PageServer {
  private constructor(
    private readonly server: Server,
    private readonly names: HostNames,
    private readonly shown: Shown,
    private readonly metrics: Metrics,
  ) {}

  /** `page`: the folder it is in, if it is not this package's own. @throws CannotListenError */
  static async start(shown: Shown, { host, port, token }: ListenAddress, page?: string): Promise<PageServer> {
    const metrics = new Metrics(shown);
    const routes = new Routes(shown, await readPage(page), metrics, packageVersion());
    const server = createServer({
      maxHeaderSize: longestHead,
      headersTimeout: headTime,
      requestTimeout: headTime,
      keepAliveTimeout: headTime,
      connectionsCheckingInterval: headTime,
    });
    server.maxConnections = mostConnections;
    // Who looks on keeps no program from ending.
    server.on("connection", (socket) => socket.unref());
    await listening(server, host, port);
    server.unref();
    const names = new HostNames(host, (server.address() as AddressInfo).port);
    server.on("request", (request, response) => answer(request, response, names, token, routes));
    return new PageServer(server, names, shown, metrics);
  }

  /** Where a browser of this machine finds the page; without the token. */
  get url(): string {
    return this.names.url;
  }

  get port(): number {
    return this.names.port;
  }

  /** Until it is closed, the process does not end by itself. */
  keepProcess(): void {
    this.server.ref();
  }

  /** To be called once. */
  async close(): Promise<void> {
    const closed = once(this.server, "close");
    this.server.close();
    this.shown.hub.close();
    // A reader that reads hears the last word.
    const late = setTimeout(() => this.server.closeAllConnections(), partingTime);
    await Promise.all([closed, this.metrics.stop()]);
    clearTimeout(late);
  }
}

async function listening(server: Server, host: string, port: number): Promise<void> {
  try {
    server.listen({ host, port });
    await once(server, "listening");
  } catch (error) {
    throw new CannotListenError(host, port, error);
  }
}

function answer(
  request: IncomingMessage,
  response: ServerResponse,
  names: HostNames,
  token: AccessToken | null,
  routes: Routes,
): void {
  // A reader that vanishes is no news; what it was sent is dropped.
  for (const end of [request, response]) end.on("error", () => undefined);
  // Not by the parser of addresses: a path is what is asked for, character by character.
  const [path = "", rest = ""] = (request.url ?? "").split(/\?(.*)/s, 2);
  const query = new URLSearchParams(rest);
  const refusal =
    refusalOf(request, path, names) ??
    (token === null ? null : admissionOf(request, path, query.get("token"), token));
  if (refusal !== null) return refuse(response, refusal);
  routes.answer(path, query, request.method === "HEAD", response).catch((error: unknown) => {
    if (response.headersSent) return void response.destroy();
    const why = error instanceof Error ? printable(error.message) : "unknown";
    refuse(response, { status: 500, line: `This could not be answered: ${why}` });
  });
}
