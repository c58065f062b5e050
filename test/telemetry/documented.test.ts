import { describe, expect, it } from "vitest";
import { createLocks, memoryNode } from "../../src/index.js";
import { managerEvents } from "../../src/lock/events.js";
import { instrumentLocks } from "../../src/telemetry.js";
import { runNode } from "../examples/program.js";
import { promised } from "../guard/page.js";
import { inspectionServer } from "./inspection-server.js";
import { namesIn, page, programs, programWith } from "./page.js";
import { followContext, recordMetrics, recordSpans } from "./recorders.js";

const run = (program: string) => runNode(["--input-type=module"], {}, program);

/** A meter that records its instruments. */
function namedInstruments() {
  const names = new Set<string>();
  const meter = recordMetrics().provider.getMeter("test");
  const noting = new Proxy(meter, {
    get(target, key) {
      const method: unknown = Reflect.get(target, key);
      if (typeof method !== "function" || !String(key).startsWith("create")) return method;
      return (name: string, ...rest: unknown[]) => {
        names.add(name);
        return method.call(target, name, ...rest);
      };
    },
  });
  return { meterProvider: { getMeter: () => noting }, names };
}

describe("the page about telemetry", () => {
  it("has programs for OpenTelemetry, Prometheus, channels, pino and Stately", () => {
    expect(programs.length).toBe(5);
  });

  it.each(["@opentelemetry/sdk-trace-base", "node:http", "node:diagnostics_channel"])(
    "its program with %s prints what it says, and ends",
    async (module) => {
      const program = programWith(module);
      expect(promised(program).length).toBeGreaterThan(0);
      const { code, stdout, stderr } = await run(program);
      expect(stderr).toBe("");
      expect(stdout.trim().split("\n")).toEqual(promised(program));
      expect(code).toBe(0);
    },
  );

  it("its program with pino logs the events of a lock", async () => {
    const { code, stdout, stderr } = await run(programWith("pino"));
    expect(stderr).toBe("");
    const lines = stdout
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(lines).toMatchObject(
      ["acquiring", "acquired", "released"].map((event) => ({
        level: 20,
        event,
        msg: `holdfast: ${event}`,
        resources: ["reports:nightly"],
      })),
    );
    expect(code).toBe(0);
  });

  it("its program for Stately's inspector sends it every actor and every step", async () => {
    const isClosed = (event: Record<string, unknown>) =>
      JSON.stringify(event).includes('"CLOSED"') && event.type === "@xstate.snapshot";
    const server = await inspectionServer((events) => events.some(isClosed));
    const program = programWith("@statelyai/inspect")
      .replace(/^createInspectorServer\(\);.*$/m, "void createInspectorServer;")
      .replace("ws://localhost:8080", server.url);
    const { code, stderr } = await run(program);
    expect(stderr).toBe("");
    expect(code).toBe(0);
    const actors = server.events.filter(({ type }) => type === "@xstate.actor");
    expect(actors.map(({ name }) => name).sort()).toEqual(["lock", "manager", "node", "node", "node"]);
    expect(
      server.events.some(({ event }) => (event as { type?: string } | undefined)?.type === "RELEASED"),
    ).toBe(true);
  });

  it("names every channel", () => {
    for (const name of managerEvents) expect(page).toContain(`\`holdfast:${name}\``);
  });

  it("names all spans and metrics, and no others", async () => {
    const spans = recordSpans();
    const { meterProvider, names } = namedInstruments();
    const nodes = [memoryNode(), memoryNode(), memoryNode()];
    const locks = createLocks({ nodes, ttl: 500, nodeTimeout: 50 });
    instrumentLocks(locks, { tracerProvider: spans.provider, meterProvider });
    const lease = await locks.acquire("a");
    await lease.renew();
    await lease.release();
    followContext();
    const request = (name: string) =>
      spans.provider.getTracer("requests").startActiveSpan(name, async (span) => {
        await locks.using(name, () => {});
        span.end();
      });
    await Promise.all([request("b"), request("c")]);
    const named = spans.all().filter(({ name }) => name.startsWith("holdfast."));
    expect([...new Set(named.map(({ name }) => name))].sort()).toEqual(namesIn("Spans").sort());
    expect([...names].sort()).toEqual(namesIn("Metrics").sort());
    await locks.close();
  });
});
