import { existsSync } from "node:fs";
import { mkdir, symlink } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Consumer } from "./consumer.js";

const entries: Readonly<Record<string, readonly string[]>> = {
  bullmq: ["underLease"],
  express: ["leaseOf", "lockRequest"],
  fastify: ["holdfast"],
  hono: ["lockRequest"],
  nest: [
    ...["HoldfastModule", "InjectLocks", "LOCKS", "LockRefusalFilter", "Locked", "LocksHealth"],
    "currentLease",
  ],
  next: ["withLock"],
};

const packages = [
  "@nestjs/common",
  "@types/express",
  "@types/node",
  "bullmq",
  "fastify",
  "hono",
  "reflect-metadata",
];

const program = `
import express, { type Request } from "express";
import { createLocks } from "holdfast";
import { underLease } from "holdfast/bullmq";
import { leaseOf, lockRequest } from "holdfast/express";
import { holdfast } from "holdfast/fastify";
import { lockRequest as lockHono } from "holdfast/hono";
import { HoldfastModule, Locked } from "holdfast/nest";
import { withLock } from "holdfast/next";
import fastify from "fastify";
import { Worker } from "bullmq";
import { Hono } from "hono";

const locks = createLocks({ nodes: ["redis://db-1"] });
const key = "a";

lockRequest<Request<{ id: string }>>({ locks, key: (request) => request.params.id, status: 423 });
// @ts-expect-error: no status of a refusal
lockRequest({ locks, key, status: 500 });
// @ts-expect-error: the framework gives the signal
lockRequest({ locks, key, signal: AbortSignal.abort() });
// @ts-expect-error: no key
lockRequest({ locks });
express().post("/:id", lockRequest<Request<{ id: string }>>({ locks, key: (request) => request.params.id }), (request, response) => {
  leaseOf(request)?.assertHeld();
  response.end();
});

new Hono().post("/", lockHono({ locks, key: (context) => context.req.path }), (context) => {
  const remaining: number = context.get("lease").remaining();
  return context.text(String(remaining));
});

const processor = underLease<{ order: string }, number>({ locks, key: ({ data }) => data.order }, (_job, lease) => lease.remaining());
new Worker<{ order: string }, number>("orders", processor, { connection: {} });
underLease({ locks, key }, async (job) => job.data.order);
// @ts-expect-error: the data have no such member
underLease<{ order: string }, number>({ locks, key: ({ data }) => data.id }, () => 1);

export const POST = withLock(
  { locks, key: async (_request: Request_, { params }: { params: Promise<{ id: string }> }) => (await params).id },
  (_request, _context, lease) => new Response(String(lease.remaining())),
);
type Request_ = globalThis.Request;

const app = fastify();
void app.register(holdfast, { locks }).after(() => {
  interface Route { Params: { id: string } }
  const preHandler = app.lockRequest<Route>({ key: (request) => request.params.id });
  app.post<Route>("/:id", { preHandler }, async (request) => request.lease?.remaining());
});
// @ts-expect-error: no locks
void app.register(holdfast, {});

HoldfastModule.forRoot({ nodes: ["redis://db-1"], closeTimeout: 1_000 });
HoldfastModule.forRootAsync({ inject: ["settings"], useFactory: async (url: string) => ({ nodes: [url] }) });
// @ts-expect-error: no nodes
HoldfastModule.forRoot({ ttl: 1 });

export class Orders {
  @Locked("orders:\${id}")
  async pay(id: string): Promise<string> { return id; }
  @Locked((id: string, more: number) => [id, String(more)], { wait: 0 })
  async refund(id: string, more: number, note?: string): Promise<string> { return id + more + note; }
  // @ts-expect-error: the method is not asynchronous
  @Locked("orders")
  list(): string[] { return []; }
  // @ts-expect-error: the key takes another argument than the method
  @Locked((id: number) => String(id))
  async cancel(id: string): Promise<string> { return id; }
}
`;

describe("the entry points for frameworks", () => {
  let consumer: Consumer;
  beforeAll(async () => {
    consumer = await Consumer.install();
    for (const name of packages) {
      const target = join(consumer.folder, "node_modules", name);
      await mkdir(dirname(target), { recursive: true });
      if (!existsSync(target)) await symlink(resolve("node_modules", name), target);
    }
  }, 180_000);
  afterAll(() => consumer?.remove());

  it.each(Object.entries(entries))("%s can be imported and required", async (entry, names) => {
    const text = `
      import { createRequire } from "node:module";
      import * as imported from "holdfast/${entry}";
      const require = createRequire(import.meta.url);
      const required = require("./node_modules/holdfast/dist/cjs/${entry}.js");
      console.log(JSON.stringify([Object.keys(imported), Object.keys(required)]));
    `;
    const [imported, required] = JSON.parse(await consumer.node(`${entry}.mjs`, text));
    expect(imported).toEqual([...names].sort());
    expect(required.sort()).toEqual(imported);
  });

  it("have types that accept what works, and refuse what does not", async () => {
    for (const name of ["all.mts", "all.cts"]) await consumer.write(name, program);
    const options = ["--experimentalDecorators", "--skipLibCheck", "--types", "node"];
    await consumer.typecheck([
      "--module",
      "nodenext",
      "--exactOptionalPropertyTypes",
      ...options,
      "all.mts",
      "all.cts",
    ]);
  }, 120_000);
});
