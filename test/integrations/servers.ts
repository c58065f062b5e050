import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import express, { type Request as ExpressRequest } from "express";
import fastify from "fastify";
import { type Context, Hono } from "hono";
import { onTestFinished } from "vitest";
import { leaseOf, lockRequest as lockExpress } from "../../src/express.js";
import { holdfast } from "../../src/fastify.js";
import { lockRequest as lockHono } from "../../src/hono.js";
import type { AcquireOptions, Lease, Locks } from "../../src/index.js";
import type { ContendedStatus } from "../../src/integrations/http/refusal.js";
import { withLock } from "../../src/next.js";

/** The options of a lock, whatever the framework: its key is a function of the id in the path. */
export interface Given extends Omit<AcquireOptions, "signal"> {
  readonly locks: Locks;
  readonly key: (id: string) => string;
  readonly status?: ContendedStatus;
}

/** The work of the handler behind the lock. Its result is the text of the response. */
type Work = (lease: Lease) => Promise<string>;

/** Sends `POST /orders/ID`. */
type Ask = (id: string, init?: { readonly signal?: AbortSignal }) => Promise<Response>;

/** An application with the route `POST /orders/:id`. */
export type Serve = (options: Given, work: Work) => Promise<Ask>;

/** A server on a port of its own, which ends with the test. */
async function listen(listener: RequestListener): Promise<Ask> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return askOn((server.address() as AddressInfo).port);
}

const askOn =
  (port: number): Ask =>
  (id, init = {}) =>
    fetch(`http://127.0.0.1:${port}/orders/${id}`, { method: "POST", ...init });

const onExpress: Serve = ({ key, ...options }, work) => {
  const app = express();
  type Request = ExpressRequest<{ id: string }>;
  const lock = lockExpress<Request>({ ...options, key: (request) => key(request.params.id) });
  app.post("/orders/:id", lock, async (request, response) => {
    response.send(await work(leaseOf(request) as Lease));
  });
  // Express prints the errors that it answers with 500.
  app.use((_error: unknown, _request: unknown, response: express.Response, _next: unknown) => {
    response.sendStatus(500);
  });
  return listen(app);
};

const onFastify: Serve = async ({ locks, key, ...options }, work) => {
  const app = fastify();
  await app.register(holdfast, { locks, close: false });
  interface Route {
    Params: { id: string };
  }
  const preHandler = app.lockRequest<Route>({ ...options, key: (request) => key(request.params.id) });
  app.post<Route>("/orders/:id", { preHandler }, (request) => work(request.lease as Lease));
  await app.listen({ port: 0, host: "127.0.0.1" });
  onTestFinished(async () => {
    app.server.closeAllConnections();
    await app.close();
  });
  return askOn((app.server.address() as AddressInfo).port);
};

const onHono: Serve = async ({ key, ...options }, work) => {
  const app = new Hono();
  const lock = lockHono({ ...options, key: (context: Context) => key(context.req.param("id") as string) });
  app.post("/orders/:id", lock, async (context) => context.text(await work(context.get("lease"))));
  app.onError((_error, context) => context.text("failed", 500));
  return async (id, init) => app.request(`/orders/${id}`, { method: "POST", ...init });
};

/** Next.js calls a handler like this; scripts/matrix/next.mjs has Next.js itself. */
const onNext: Serve = async ({ key, ...options }, work) => {
  interface Params {
    readonly params: Promise<{ readonly id: string }>;
  }
  const POST = withLock(
    { ...options, key: async (_request: Request, { params }: Params) => key((await params).id) },
    async (_request, _context, lease) => new Response(await work(lease)),
  );
  return (id, init = {}) =>
    POST(new Request(`http://localhost/orders/${id}`, { method: "POST", ...init }), {
      params: Promise.resolve({ id }),
    }).catch((error) => {
      if (init.signal?.aborted) throw error;
      return new Response("failed", { status: 500 });
    });
};

export const frameworks: readonly (readonly [string, Serve])[] = [
  ["Express", onExpress],
  ["Fastify", onFastify],
  ["Hono", onHono],
  ["Next.js", onNext],
];
