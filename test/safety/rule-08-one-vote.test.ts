import { describe, expect, it, onTestFinished, vi } from "vitest";
import { createLocks, DuplicateNodeError, InvalidOptionError } from "../../src/index.js";
import type { LocksOptions } from "../../src/lock/options.js";
import { granted, ScriptedNode } from "../engine/scripted-node.js";
import { answer, caught, scripted, settle } from "./scripted-locks.js";

describe("rule 8: one server, one vote", () => {
  it("refuses the same client given twice when the manager is made", () => {
    const node = new ScriptedNode("one");
    expect(() => createLocks({ nodes: [node, new ScriptedNode("two"), node] })).toThrow(DuplicateNodeError);
  });

  it("refuses two clients of one server at the first acquisition, naming both, before anything is asked", async () => {
    const { locks, nodes } = scripted(3);
    if (nodes[2]) nodes[2].identity = "node-0";
    const error = await caught(locks.acquire("a"));
    expect(error).toMatchObject({ code: "DUPLICATE_NODE", nodes: ["node-0", "node-2"] });
    expect(nodes.flatMap(({ ops }) => ops)).toEqual([]);
    await expect(locks.acquire("b")).rejects.toBeInstanceOf(DuplicateNodeError);
  });

  it("fails the vote of one that is found out later", async () => {
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

  it("gives the vote back when the other one turns to another server", async () => {
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
    // They swap their servers, one after the other.
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

  it("sends every batch with the mark of the server that it is meant for", async () => {
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

  describe("where servers hide who they are", () => {
    const hidden = (options: Partial<LocksOptions> = {}, size = 3) => {
      const emitted = vi.spyOn(process, "emitWarning").mockReturnValue();
      onTestFinished(() => emitted.mockRestore());
      const setup = scripted(size, options);
      for (const node of size === 1 ? setup.nodes : setup.nodes.slice(1)) node.identity = null;
      return { ...setup, warnings: () => emitted.mock.calls.map(([text]) => String(text)) };
    };

    it("warns, once a node, that it cannot tell, and lets them vote", async () => {
      const { locks, nodes, warnings } = hidden();
      for (const resource of ["a", "b"]) {
        const acquisition = locks.acquire(resource);
        await answer(nodes, "acquire", [granted, granted, granted]);
        await acquisition;
      }
      expect(warnings()).toEqual([
        expect.stringContaining("node-1 does not tell who it is"),
        expect.stringContaining("node-2 does not tell who it is"),
      ]);
    });

    it("says nothing where it is allowed, or where there is one node", async () => {
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

    it("fails their votes where they are to be refused", async () => {
      const { locks, nodes } = hidden({ unidentified: "refuse" });
      const error = await caught(locks.acquire("a"));
      expect(String(error)).toContain("node-1: hides who it is, and may be the same server as another");
      expect(nodes.slice(1).flatMap(({ ops }) => ops)).toEqual([]);
    });
  });

  it("refuses, when it has met them, clients whose database is known only once they are connected", async () => {
    const { locks, nodes } = scripted(3);
    Object.assign(nodes[1] ?? {}, { keyspace: { prefix: "", database: 7 } });
    const error = await caught(locks.acquire("a"));
    expect(error).toMatchObject({ code: "INVALID_OPTION", option: "nodes" });
    expect(String(error)).toContain("database 7");
    expect(nodes.flatMap(({ ops }) => ops)).toEqual([]);
  });

  it("refuses them as soon as it is known, however late that is", async () => {
    const { locks, nodes } = scripted(3);
    Object.assign(nodes[2] ?? {}, { keyspace: null });
    const first = locks.acquire("a");
    await answer(nodes, "acquire", [granted, granted, granted]);
    await first;
    Object.assign(nodes[2] ?? {}, { keyspace: { prefix: "", database: 3 } });
    expect(await caught(locks.acquire("b"))).toMatchObject({ code: "INVALID_OPTION", option: "nodes" });
  });

  it("refuses clients that would store under different keys", () => {
    class Prefixed extends ScriptedNode {
      override readonly keyspace = { prefix: "app:", database: 0 };
    }
    expect(() => createLocks({ nodes: [new ScriptedNode("plain"), new Prefixed("prefixed")] })).toThrow(
      InvalidOptionError,
    );
  });
});
