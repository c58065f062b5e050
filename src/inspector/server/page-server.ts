import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { CannotListenError } from "../../errors.js";
import { packageVersion } from "../../support/version.js";
import { answer } from "./answer.js";
import { HostNames } from "./host-names.js";
import type { ListenAddress } from "./listen-address.js";
import { loadPage } from "./load-page.js";
import { Metrics } from "./metrics.js";
import type { PageFiles } from "./page-files.js";
import { Routes } from "./routes.js";
import type { Shown } from "./shown.js";

/** Maximum size of a request's head in bytes. Requests have no body. */
const maxHeadBytes = 8_192;
/** Time in ms for a request's head to arrive, and for which an idle connection stays open. */
const idleTimeout = 5_000;
/** Maximum number of connections at one time: one for each reader of the events, and some for other requests. */
const maxConnections = 200;

/** Time in ms that readers have to receive the rest when the server closes. */
const closeTimeout = 500;

/** Serves the page and its events over HTTP. */
export class PageServer {
  private constructor(
    private readonly server: Server,
    private readonly names: HostNames,
    private readonly shown: Shown,
    private readonly metrics: Metrics,
  ) {}

  /**
   * `page`: the page's files, if they are not this package's own.
   * @throws CannotListenError
   */
  static async start(
    shown: Shown,
    { host, port, token }: ListenAddress,
    page?: PageFiles,
  ): Promise<PageServer> {
    const metrics = new Metrics(shown);
    const routes = new Routes(shown, page ?? (await loadPage()), metrics, packageVersion());
    shown.story?.onChange((view) => shown.hub.announce("story", view));
    const server = createServer({
      maxHeaderSize: maxHeadBytes,
      headersTimeout: idleTimeout,
      requestTimeout: idleTimeout,
      keepAliveTimeout: idleTimeout,
      connectionsCheckingInterval: idleTimeout,
    });
    server.maxConnections = maxConnections;
    // A reader must not keep the program from ending.
    server.on("connection", (socket) => socket.unref());
    await startListening(server, host, port);
    server.unref();
    const names = new HostNames(host, (server.address() as AddressInfo).port);
    server.on("request", (request, response) =>
      answer(request, response, names, token, routes, request.url ?? ""),
    );
    return new PageServer(server, names, shown, metrics);
  }

  /** The page's address for a browser on this machine, without the token. */
  get url(): string {
    return this.names.url;
  }

  get port(): number {
    return this.names.port;
  }

  /** Keeps the process alive until the server is closed. */
  keepProcess(): void {
    this.server.ref();
  }

  /** Must be called only once. */
  async close(): Promise<void> {
    const closed = once(this.server, "close");
    this.server.close();
    this.shown.hub.close();
    // A reader that keeps reading receives the last frames.
    const late = setTimeout(() => this.server.closeAllConnections(), closeTimeout);
    await Promise.all([closed, this.metrics.stop()]);
    clearTimeout(late);
  }
}

async function startListening(server: Server, host: string, port: number): Promise<void> {
  try {
    server.listen({ host, port });
    await once(server, "listening");
  } catch (error) {
    throw new CannotListenError(host, port, error);
  }
}
