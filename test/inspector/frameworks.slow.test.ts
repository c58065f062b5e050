import "reflect-metadata";
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { type HttpBindings, serve } from "@hono/node-server";
import { RESPONSE_ALREADY_SENT } from "@hono/node-server/utils/response";
import { Module } from "@nestjs/common";
import { NestFactory } from "@nestjs/core";
import express, { type RequestHandler } from "express";
import fastify, { type FastifyReply, type FastifyRequest } from "fastify";
import { Hono } from "hono";
import { bearerAuth } from "hono/bearer-auth";
import { afterEach, describe, expect, test } from "vitest";
import { createLocks, memoryNode } from "../../src/index.js";
import { inspectorHandler } from "../../src/inspector.js";
import { Reader } from "./server/reader.js";
import { get } from "./server/request.js";

const secret = "a-secret-of-the-host";
const authorized = { authorization: `Bearer ${secret}` };
const base = "/admin/locks";

const open: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close();
});

function handlerOf(options = {}) {
  const locks = createLocks({ nodes: [memoryNode(), memoryNode(), memoryNode()] });
  const handler = inspectorHandler(locks, options);
  open.push(
    () => locks.close(),
    () => handler.close(),
  );
  return { locks, handler };
}

type Handler = ReturnType<typeof handlerOf>["handler"];

const requireAdmin: RequestHandler = ({ headers }, response, next) =>
  headers.authorization === authorized.authorization ? next() : void response.status(401).end();

/** The servers as docs/inspector.md describes them. Each resolves with its port. */
const frameworks: Readonly<
  Record<string, { readonly options: object; listen(handler: Handler): Promise<number> }>
> = {
  Express: {
    options: {},
    async listen(handler) {
      const app = express();
      app.use(base, requireAdmin, handler);
      app.get("/", (_, response) => void response.send("host"));
      const server = app.listen(0, "127.0.0.1");
      return portOf(server);
    },
  },
  Fastify: {
    options: { basePath: base },
    async listen(handler) {
      const app = fastify();
      const preHandler = async ({ headers }: FastifyRequest, reply: FastifyReply) =>
        headers.authorization === authorized.authorization ? undefined : reply.code(401).send();
      app.get(`${base}*`, { preHandler }, (request, reply) => {
        reply.hijack();
        handler(request.raw, reply.raw);
      });
      app.get("/", async () => "host");
      open.push(() => app.close());
      await app.listen({ port: 0, host: "127.0.0.1" });
      return (app.server.address() as AddressInfo).port;
    },
  },
  Hono: {
    options: { basePath: base },
    async listen(handler) {
      const app = new Hono<{ Bindings: HttpBindings }>();
      app.use(`${base}/*`, bearerAuth({ token: secret }));
      app.get(`${base}/*`, (context) => {
        handler(context.env.incoming, context.env.outgoing);
        return RESPONSE_ALREADY_SENT;
      });
      app.get("/", (context) => context.text("host"));
      const server = serve({ fetch: app.fetch, port: 0, hostname: "127.0.0.1" }) as Server;
      return portOf(server);
    },
  },
  NestJS: {
    options: {},
    async listen(handler) {
      class AppModule {}
      Module({})(AppModule);
      const app = await NestFactory.create(AppModule, { logger: false });
      app.use(base, requireAdmin, handler);
      app.use("/", (_: unknown, response: { end(text: string): void }) => response.end("host"));
      open.push(() => app.close());
      await app.listen(0, "127.0.0.1");
      return (app.getHttpServer().address() as AddressInfo).port;
    },
  },
};

async function portOf(server: Server): Promise<number> {
  open.push(() => {
    server.closeAllConnections();
    server.close();
  });
  if (!server.listening) await new Promise<void>((resolve) => server.once("listening", () => resolve()));
  return (server.address() as AddressInfo).port;
}

describe.each(Object.keys(frameworks))("in %s, behind its authentication and its path", (name) => {
  test("the page, its files and its events are served to who may see them, and to nobody else", async () => {
    const { options, listen } = frameworks[name]!;
    const { locks, handler } = handlerOf(options);
    const port = await listen(handler);
    expect((await get(port, "/")).text).toBe("host");
    for (const path of ["", "/", "/events", "/past", "/recording", "/metrics"]) {
      expect({ path, status: (await get(port, base + path)).status }).toEqual({ path, status: 401 });
    }
    const ask = (path: string, headers = {}, method = "GET") =>
      get(port, base + path, { ...authorized, ...headers }, method);
    // The page's addresses are relative, so its own ends with a slash.
    expect(await ask("")).toMatchObject({ status: 308, headers: { location: "./locks/" } });
    const page = await ask("/");
    expect(page).toMatchObject({ status: 200, headers: { "x-frame-options": "DENY" } });
    const files = [...page.text.matchAll(/(?:src|href)="\.(\/[^"]+)"/g)].map(([, file]) => file!);
    expect(files.length).toBeGreaterThan(1);
    for (const file of files)
      expect({ file, status: (await ask(file)).status }).toEqual({ file, status: 200 });
    expect((await ask("/nothing")).status).toBe(404);
    expect((await ask("/", { origin: "http://evil.example" })).status).toBe(403);
    const reader = await Reader.open(port, authorized, `${base}/events`);
    await locks.acquire("payouts:42");
    await reader.receives(
      "the lease",
      (frame) =>
        frame.kind === "steps" &&
        frame.steps.some(({ lock, to }) => to === "held" && lock.resources.includes("payouts:42")),
    );
    reader.vanish();
  });
});
