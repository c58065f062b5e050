import { describe, expect, it, onTestFinished, vi } from "vitest";
import { createLocks, DuplicateNodeError, InvalidOptionError } from "../../src/index.js";
import type { LocksOptions } from "../../src/lock/options.js";
import { granted, ScriptedNode } from "../engine/scripted-node.js";
import { answer, caught, scripted, settle } from "./scripted-locks.js";

describe("rule 8: one server, one vote", () => {
  it("rejects a client that is given twice, in the constructor", () => {
    const node = new ScriptedNode("one");
    expect(() => createLocks({ nodes: [node, new ScriptedNode("two"), node] })).toThrow(DuplicateNodeError);
  });

  it("rejects two clients of one server at the first acquisition, with both names, before any request", async () => {
    const { locks, nodes } = scripted(3);
    if (nodes[2]) nodes[2].identity = "node-0";
    const error = await caught(locks.acquire("a"));
    expect(error).toMatchObject({ code: "DUPLICATE_NODE", nodes: ["node-0", "node-2"] });
    expect(nodes.flatMap(({ ops }) => ops)).toEqual([]);
    await expect(locks.acquire("b")).rejects.toBeInstanceOf(DuplicateNodeError);
  });

  it("fails the vote of a duplicate that is detected later", async () => {
    const { locks, nodes } = scripted(3);
    const first = locks.acquire("a");
    await answer(nodes, "acquire", [granted, granted, granted]);
    await first;
    const [, , third] = nodes;
    third?.change("down");
    if (third) third.identity = "node-0";
    third?.change("ready");
    await settle();
    const second = caught(locks.acquire("b"));
    await answer(nodes, "acquire", [granted, { kind: "failed", reason: "refused", message: "ERR no" }]);
    expect(String(await second)).toContain("node-2: is the same server as node-0");
  });

  it("restores the vote when the other client connects to another server", async () => {
    const { locks, nodes } = scripted(3);
    const first = locks.acquire("a");
    await answer(nodes, "acquire", [granted, granted, granted]);
    await first;
    const [one, , third] = nodes;
    const reconnect = async (node: typeof one, identity: string) => {
      node?.change("down");
      if (node) node.identity = identity;
      node?.change("ready");
      await settle();
    };
    // The two clients swap their servers, one after the other.
    await reconnect(third, "node-0");
    await reconnect(one, "node-2");
    const second = locks.acquire("b");
    await answer(nodes, "acquire", [
      granted,
      { kind: "failed", reason: "refused", message: "ERR no" },
      granted,
    ]);
    expect((await second).remaining()).toBeGreaterThan(0);
  });

  it("sends every batch with the mark of its target server", async () => {
    const { locks, nodes } = scripted(3);
    const acquisition = locks.acquire("a");
    await answer(nodes, "acquire", [granted, granted, granted]);
    await acquisition;
    expect(nodes.map((node) => node.arrivals[0]?.mark)).toEqual([
      "scripted.node-0",
      "scripted.node-1",
      "scripted.node-2",
    ]);
  });

  describe("with servers that hide their identity", () => {
    const hidden = (options: Partial<LocksOptions> = {}, size = 3) => {
      const emitted = vi.spyOn(process, "emitWarning").mockReturnValue();
      onTestFinished(() => emitted.mockRestore());
      const setup = scripted(size, options);
      for (const node of size === 1 ? setup.nodes : setup.nodes.slice(1)) node.identity = null;
      return { ...setup, warnings: () => emitted.mock.calls.map(([text]) => String(text)) };
    };

    it("warns once per node, and accepts their votes", async () => {
      const { locks, nodes, warnings } = hidden();
      for (const resource of ["a", "b"]) {
        const acquisition = locks.acquire(resource);
        await answer(nodes, "acquire", [granted, granted, granted]);
        await acquisition;
      }
      expect(warnings()).toEqual([
        expect.stringContaining("node-1 cannot be identified"),
        expect.stringContaining("node-2 cannot be identified"),
      ]);
    });

    it("does not warn when unidentified nodes are allowed, or with a single node", async () => {
      for (const [options, size] of [
        [{ unidentified: "allow" }, 3],
        [{}, 1],
      ] as const) {
        const { locks, nodes, warnings } = hidden(options, size);
        const acquisition = locks.acquire("a");
        await answer(
          nodes,
          "acquire",
          nodes.map(() => granted),
        );
        await acquisition;
        expect(warnings()).toEqual([]);
      }
    });

    it("fails their votes when unidentified nodes are refused", async () => {
      const { locks, nodes } = hidden({ unidentified: "refuse" });
      const error = await caught(locks.acquire("a"));
      expect(String(error)).toContain(
        "node-1: hides its identity, and may be the same server as another node",
      );
      expect(nodes.slice(1).flatMap(({ ops }) => ops)).toEqual([]);
    });
  });

  it("rejects clients with different databases once they are connected", async () => {
    const { locks, nodes } = scripted(3);
    Object.assign(nodes[1] ?? {}, { keyspace: { prefix: "", database: 7 } });
    const error = await caught(locks.acquire("a"));
    expect(error).toMatchObject({ code: "INVALID_OPTION", option: "nodes" });
    expect(String(error)).toContain("database 7");
    expect(nodes.flatMap(({ ops }) => ops)).toEqual([]);
  });

  it("does not record the use of a set that it rejects for its databases", async () => {
    const { locks, nodes } = scripted(3);
    const recordSets = vi.fn(async (_sets: string) => ({ uses: [], watermark: 0 }));
    for (const node of nodes) Object.assign(node, { recordSets, keyspace: null });
    const first = caught(locks.acquire("a"));
    nodes.forEach((node, database) => {
      Object.assign(node, { keyspace: { prefix: "", database } });
    });
    expect(await first).toMatchObject({ code: "INVALID_OPTION" });
    await settle();
    expect(recordSets.mock.calls.filter(([sets]) => sets !== "")).toEqual([]);
  });

  it("rejects such clients as soon as the database is known, however late", async () => {
    const { locks, nodes } = scripted(3);
    Object.assign(nodes[2] ?? {}, { keyspace: null });
    const first = locks.acquire("a");
    await answer(nodes, "acquire", [granted, granted, granted]);
    await first;
    Object.assign(nodes[2] ?? {}, { keyspace: { prefix: "", database: 3 } });
    expect(await caught(locks.acquire("b"))).toMatchObject({ code: "INVALID_OPTION", option: "nodes" });
  });

  it("rejects clients that would store different keys", () => {
    class Prefixed extends ScriptedNode {
      override readonly keyspace = { prefix: "app:", database: 0 };
    }
    expect(() => createLocks({ nodes: [new ScriptedNode("plain"), new Prefixed("prefixed")] })).toThrow(
      InvalidOptionError,
    );
  });
});
