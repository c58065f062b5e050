import "reflect-metadata";
import type { AddressInfo } from "node:net";
import {
  Controller,
  Get,
  Inject,
  type LoggerService,
  Module,
  Param,
  Post,
  SetMetadata,
  UseFilters,
} from "@nestjs/common";
import { NestFactory } from "@nestjs/core";
import { HealthCheckService, TerminusModule } from "@nestjs/terminus";
import { describe, expect, onTestFinished, test } from "vitest";
import { createLocks, type Lease, type Locks, memoryNode } from "../../src/index.js";
import {
  currentLease,
  HoldfastModule,
  LOCKS,
  Locked,
  LockRefusalFilter,
  LocksHealth,
} from "../../src/nest.js";

// The tests apply decorators as the compiler does: the project does not compile them.

type Decorator = (target: object, name: string, descriptor: never) => unknown;

/** Decorates a method. As in a source, the first decorator is the outermost. */
function method(owner: { prototype: object }, name: string, ...decorators: Decorator[]): void {
  const descriptor = Object.getOwnPropertyDescriptor(owner.prototype, name) as never;
  for (const decorator of decorators.reverse()) decorator(owner.prototype, name, descriptor);
  Object.defineProperty(owner.prototype, name, descriptor);
}

/** A class with the method `pay`, and what its calls saw. */
function paymentsClass(decorator: Decorator, work = async (_lease: Lease | null): Promise<void> => {}) {
  class Payments {
    readonly seen: (readonly string[] | undefined)[] = [];
    async pay(id: string): Promise<string> {
      const lease = currentLease();
      this.seen.push(lease?.resources);
      await work(lease);
      return `paid ${id}`;
    }
  }
  method(Payments, "pay", decorator);
  return Payments;
}

const silent: LoggerService = { log() {}, warn() {}, error() {}, debug() {} };

async function start(metadata: object, nodes = [memoryNode(), memoryNode(), memoryNode()], logger = silent) {
  class App {}
  const locks = HoldfastModule.forRoot({ nodes, nodeTimeout: 50, wait: 0 });
  const { imports = [], ...others } = metadata as { readonly imports?: unknown[] };
  Module({ imports: [locks, ...imports] as never[], ...others })(App);
  const app = await NestFactory.createApplicationContext(App, { logger, abortOnError: false });
  onTestFinished(() => app.close());
  return app;
}

describe("a locked method", () => {
  test("runs under the lease of its key, and frees it", async () => {
    const Payments = paymentsClass(Locked("orders:${id}"));
    const app = await start({ providers: [Payments] });
    const payments = app.get(Payments);
    expect(await payments.pay("7")).toBe("paid 7");
    expect(payments.seen).toEqual([["orders:7"]]);
    expect(currentLease()).toBe(null);
    expect((await app.get<Locks>(LOCKS).inspect("orders:7")).held).toBe(false);
  });

  test("is refused while its key is taken, and has its options and a key of several resources", async () => {
    const key = (id: string) => [`orders:${id}`, "stock"];
    const Payments = paymentsClass(Locked(key, { wait: 60_000 }));
    const app = await start({ providers: [Payments] });
    const locks = app.get<Locks>(LOCKS);
    const lease = await locks.acquire("stock");
    const waiting = app.get(Payments).pay("7");
    await lease.release();
    expect(await waiting).toBe("paid 7");
    expect(app.get(Payments).seen).toEqual([["orders:7", "stock"]]);
    const Impatient = paymentsClass(Locked("orders:${id}"));
    const other = await start({ providers: [Impatient] });
    await other.get<Locks>(LOCKS).acquire("orders:7");
    await expect(other.get(Impatient).pay("7")).rejects.toMatchObject({ code: "LOCK_CONTENDED" });
  });

  test("keeps its name, its parameters and what other decorators noted about it", () => {
    const Payments = paymentsClass(Locked("orders:${id}"));
    expect([Payments.prototype.pay.name, Payments.prototype.pay.length]).toEqual(["pay", 1]);
    class Noted {
      async pay(_id: string) {}
    }
    method(Noted, "pay", Locked("orders:${_id}"), SetMetadata("note", "noted") as Decorator);
    expect(Reflect.getMetadata("note", Noted.prototype.pay)).toBe("noted");
  });

  test("works in a subclass", async () => {
    const Payments = paymentsClass(Locked("orders:${id}"));
    class Refunds extends Payments {}
    const app = await start({ providers: [Refunds] });
    await app.get(Refunds).pay("7");
    expect(app.get(Refunds).seen).toEqual([["orders:7"]]);
  });

  test("says what is wrong: a key without value, an object that Nest did not create, a module that is missing", async () => {
    const Payments = paymentsClass(Locked("orders:${id}"));
    const app = await start({ providers: [Payments] });
    const wrong = app.get(Payments).pay(undefined as never);
    await expect(wrong).rejects.toMatchObject({ code: "INVALID_OPTION", option: "${id}" });
    await expect(new Payments().pay("7")).rejects.toMatchObject({ code: "INVALID_OPTION", option: "locks" });
    class App {}
    Module({ providers: [Payments] })(App);
    const starting = NestFactory.createApplicationContext(App, { logger: silent, abortOnError: false });
    await expect(starting).rejects.toThrow("holdfast.nest.locks");
  });

  test.each([
    ["key", () => Locked("")],
    ["key", () => Locked(7 as never)],
    ["key", () => paymentsClass(Locked("orders:${order}"))],
    ["waits", () => Locked("a", { waits: 1 } as object)],
    [
      "@Locked",
      () =>
        method(
          class {
            value = 1;
          },
          "value",
          Locked("a"),
        ),
    ],
  ])("is refused when the class is defined: %s", (option, define) => {
    expect(define).toThrow(expect.objectContaining({ code: "INVALID_OPTION", option }));
  });
});

describe("the module", () => {
  test("takes options from a factory, and gives the locks to other modules", async () => {
    const nodes = [memoryNode()];
    class Settings {
      readonly nodes = nodes;
    }
    class SettingsModule {}
    Module({ providers: [Settings], exports: [Settings] })(SettingsModule);
    class Reports {
      constructor(readonly locks: Locks) {}
    }
    Inject(LOCKS)(Reports, undefined, 0);
    class ReportsModule {}
    Module({ providers: [Reports], exports: [Reports] })(ReportsModule);
    const locks = HoldfastModule.forRootAsync({
      imports: [SettingsModule],
      inject: [Settings],
      useFactory: async (settings: Settings) => ({ nodes: settings.nodes, prefix: "app:" }),
    });
    class App {}
    Module({ imports: [locks, ReportsModule] })(App);
    const app = await NestFactory.createApplicationContext(App, { logger: silent });
    onTestFinished(() => app.close());
    expect(app.get(Reports).locks).toBe(app.get(LOCKS));
    await app.get(Reports).locks.acquire("a");
    const other = createLocks({ nodes });
    onTestFinished(() => other.close());
    expect((await other.inspect("app:a")).held).toBe(true);
  });

  test("closes the locks when the application shuts down: leases are released, and the pending are refused", async () => {
    const node = memoryNode();
    const app = await start({}, [node]);
    const locks = app.get<Locks>(LOCKS);
    const lease = await locks.acquire("a", { wait: 60_000 });
    const pending = locks.acquire("a", { wait: 60_000 });
    const refused = expect(pending).rejects.toMatchObject({ code: "MANAGER_CLOSED" });
    await app.close();
    await refused;
    expect(lease.signal.aborted).toBe(true);
    const other = createLocks({ nodes: [node] });
    onTestFinished(() => other.close());
    expect((await other.inspect("a")).held).toBe(false);
  });

  test("logs with Nest's logger", async () => {
    const lines: unknown[][] = [];
    const note = (...line: unknown[]) => void lines.push(line);
    const app = await start({}, [memoryNode()], { log: note, warn: note, error: note, debug: note });
    onTestFinished(async () => {
      // The logger of an application is that of the process.
      await NestFactory.createApplicationContext(class {}, { logger: silent });
    });
    await app.get<Locks>(LOCKS).acquire("a", { maxHold: 30 });
    await expect
      .poll(() => lines.filter((line) => line.at(-1) === "Holdfast").map(([message]) => message))
      .toContainEqual(expect.stringMatching(/expired|lost/));
  });

  test.each([
    ["nodes", { nodes: [] }],
    ["options", null],
    ["closeTimeout", { nodes: [memoryNode()], closeTimeout: -1 }],
    ["isGlobal", { nodes: [memoryNode()], isGlobal: 1 }],
    ["prefixes", { nodes: [memoryNode()], prefixes: "a" }],
  ])("refuses options: %s in %o", async (option, options) => {
    const starting = async () => {
      class App {}
      Module({ imports: [HoldfastModule.forRoot(options as never)] })(App);
      await NestFactory.createApplicationContext(App, { logger: silent, abortOnError: false });
    };
    await expect(starting()).rejects.toMatchObject({ code: "INVALID_OPTION", option });
  });

  test("refuses what is no factory", () => {
    expect(() => HoldfastModule.forRootAsync({} as never)).toThrow(/useFactory must be a function/);
  });
});

describe("health", () => {
  test("is up while a quorum of nodes votes, for Terminus too", async () => {
    const nodes = [memoryNode(), memoryNode(), memoryNode()];
    const app = await start({ imports: [TerminusModule] }, nodes);
    const health = app.get(LocksHealth);
    const condition = { nodes: 3, voting: 3, quorum: 2 };
    expect(await health.check()).toEqual({ locks: { status: "up", ...condition } });
    nodes[0]?.crash();
    expect(await health.isHealthy("redis")).toEqual({ redis: { status: "up", ...condition, voting: 2 } });
    nodes[1]?.hang();
    const down = { locks: { status: "down", ...condition, voting: 1 } };
    await expect(health.check()).rejects.toMatchObject({ status: 503, response: down });
    const terminus = app.get(HealthCheckService, { strict: false });
    await expect(terminus.check([() => health.isHealthy()])).rejects.toMatchObject({
      status: 503,
      response: { status: "error", error: down },
    });
    await app.close();
    expect(await health.isHealthy()).toEqual({ locks: { status: "down", ...condition, voting: 0 } });
  });
});

describe("a controller", () => {
  async function serve() {
    class Orders {
      async pay(id: string): Promise<string> {
        return `paid ${id}`;
      }
    }
    Param("id")(Orders.prototype, "pay", 0);
    method(
      Orders,
      "pay",
      UseFilters(LockRefusalFilter) as Decorator,
      Locked("orders:${id}"),
      Post(":id") as Decorator,
    );
    class Health {
      constructor(readonly health: LocksHealth) {}
      check() {
        return this.health.check();
      }
    }
    Inject(LocksHealth)(Health, undefined, 0);
    method(Health, "check", Get() as Decorator);
    Controller("orders")(Orders);
    Controller("health")(Health);
    class App {}
    const nodes = [memoryNode()];
    const locks = HoldfastModule.forRoot({ nodes, wait: 0, nodeTimeout: 50 });
    Module({ imports: [locks], controllers: [Orders, Health] })(App);
    const app = await NestFactory.create(App, { logger: silent, forceCloseConnections: true });
    onTestFinished(() => app.close());
    await app.listen(0, "127.0.0.1");
    const { port } = app.getHttpServer().address() as AddressInfo;
    return { app, nodes, url: `http://127.0.0.1:${port}` };
  }

  test("has a locked route, whose refusal is a 409 with Retry-After, and a health check", async () => {
    const { app, nodes, url } = await serve();
    const pay = () => fetch(`${url}/orders/7`, { method: "POST" });
    expect(await (await pay()).text()).toBe("paid 7");
    const lease = await app.get<Locks>(LOCKS).acquire("orders:7");
    const refused = await pay();
    expect(refused.status).toBe(409);
    expect(Number(refused.headers.get("retry-after"))).toBeGreaterThan(0);
    expect(await refused.json()).toMatchObject({ statusCode: 409, error: "LOCK_CONTENDED" });
    await lease.release();
    expect((await fetch(`${url}/health`)).status).toBe(200);
    nodes[0]?.crash();
    expect((await pay()).status).toBe(503);
    expect((await fetch(`${url}/health`)).status).toBe(503);
  });
});
