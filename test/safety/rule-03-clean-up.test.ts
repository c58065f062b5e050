import { describe, expect, it } from "vitest";
import { denied, granted, missing, refused, type ScriptedNode } from "../engine/scripted-node.js";
import { answer, caught, scripted, settle } from "./scripted-locks.js";

const tokens = (node: ScriptedNode | undefined, op: "acquire" | "release") =>
  node?.of(op).map(({ command }) => ("token" in command ? command.token : ""));

describe("rule 3: a failed attempt leaves nothing behind", () => {
  it("releases on every node that may hold the token: granted, failed and unresponsive, but not denied", async () => {
    const { locks, nodes, clock } = scripted(5);
    const acquisition = caught(locks.acquire("a"));
    await answer(nodes, "acquire", [granted, denied, refused, null, null]);
    await clock.advance(500);
    await acquisition;
    const both = ["acquire", "release"];
    expect(nodes.map(({ ops }) => ops)).toEqual([both, ["acquire"], both, both, both]);
    for (const node of [0, 2, 3, 4].map((index) => nodes[index]))
      expect(tokens(node, "release")).toEqual(tokens(node, "acquire"));
  });

  it("releases before the next attempt, which uses a fresh token", async () => {
    const { locks, nodes, clock } = scripted(3, { retry: { count: 2, delay: 10, jitter: 0 } });
    const acquisition = caught(locks.acquire("a"));
    for (let attempt = 0; attempt < 3; attempt++) {
      await answer(nodes, "acquire", [denied, denied]);
      await clock.advance(30);
    }
    expect(await acquisition).toMatchObject({ code: "LOCK_CONTENDED", attempts: 3 });
    const once = ["acquire", "release"];
    // The acquisition finally leaves the queue as well.
    const asked = nodes[2]?.arrivals.filter(
      ({ command }) => !(command.op === "release" && "queue" in command),
    );
    expect(asked?.map(({ command }) => command.op)).toEqual([...once, ...once, ...once]);
    const used = tokens(nodes[0], "acquire") ?? [];
    expect(new Set(used).size).toBe(3);
    for (const token of used) expect(token).toMatch(/^me~[\w-]{22}$/);
  });

  it("marks aborted requests as unwanted, so that the client does not resend them", async () => {
    const { locks, nodes } = scripted(3);
    const controller = new AbortController();
    const acquisition = caught(locks.acquire("a", { signal: controller.signal }));
    await settle();
    const [arrival] = nodes[0]?.of("acquire") ?? [];
    expect(arrival?.request.wanted()).toBe(true);
    controller.abort(new Error("enough"));
    expect(await acquisition).toMatchObject({ message: "enough" });
    expect(arrival?.request.wanted()).toBe(false);
    await settle();
    expect(nodes.map(({ ops }) => ops)).toEqual(Array(3).fill(["acquire", "release"]));
  });

  it("releases again when a grant arrives after the answer to the release", async () => {
    const { locks, nodes } = scripted(3);
    const controller = new AbortController();
    const acquisition = caught(locks.acquire("a", { signal: controller.signal }));
    await settle();
    controller.abort(new Error("enough"));
    await acquisition;
    await answer(nodes, "release", [granted]);
    await answer(nodes, "acquire", [granted]);
    expect(nodes[0]?.ops).toEqual(["acquire", "release", "release"]);
    await answer(nodes.slice(1), "acquire", [granted]);
    expect(nodes[1]?.ops).toEqual(["acquire", "release"]);
  });

  it("does not release again when a denial or an error arrives after the answer to the release", async () => {
    const { locks, nodes } = scripted(3);
    const controller = new AbortController();
    const acquisition = caught(locks.acquire("a", { signal: controller.signal }));
    await settle();
    controller.abort(new Error("enough"));
    await acquisition;
    await answer(nodes, "release", [granted, granted, granted]);
    await answer(nodes, "acquire", [denied, refused, missing]);
    expect(nodes.map(({ ops }) => ops)).toEqual(Array(3).fill(["acquire", "release"]));
  });

  it("keeps the release for a disconnected node pending, and sends it after the reconnection", async () => {
    const { locks, nodes, clock } = scripted(3);
    const acquisition = caught(locks.acquire("a"));
    await settle();
    nodes[0]?.change("down", new Error("gone"));
    nodes[0]?.of("acquire")[0]?.answer({ kind: "failed", reason: "connection", message: "gone" });
    await answer(nodes.slice(1), "acquire", [denied, denied]);
    await acquisition;
    expect(nodes[0]?.ops).toEqual(["acquire"]);
    await clock.advance(100);
    nodes[0]?.change("ready");
    await settle();
    expect(nodes[0]?.ops).toEqual(["acquire", "release"]);
    expect(tokens(nodes[0], "release")).toEqual(tokens(nodes[0], "acquire"));
  });

  it("drops a pending release when the TTL of the grant is over", async () => {
    const { locks, nodes, clock } = scripted(3);
    const acquisition = caught(locks.acquire("a"));
    await answer(nodes, "acquire", [granted]);
    nodes[0]?.change("down");
    await answer(nodes.slice(1), "acquire", [null, denied].slice(1));
    await answer(nodes.slice(2), "acquire", [denied]);
    await acquisition;
    await clock.advance(1_001);
    nodes[0]?.change("ready");
    await settle();
    expect(nodes[0]?.ops).toEqual(["acquire"]);
  });

  it("keeps the release of an unanswered request pending for longer, because the request may be in the server's buffers", async () => {
    const { locks, nodes, clock } = scripted(3);
    const acquisition = caught(locks.acquire("a"));
    await settle();
    nodes[0]?.change("down");
    nodes[0]?.of("acquire")[0]?.answer({ kind: "failed", reason: "connection", message: "gone" });
    await answer(nodes.slice(1), "acquire", [denied, denied]);
    await acquisition;
    await clock.advance(60_000);
    nodes[0]?.change("ready");
    await settle();
    expect(nodes[0]?.ops).toEqual(["acquire", "release"]);
    // The release used another connection and may have overtaken the request, so the release is repeated.
    await answer(nodes, "release", [granted]);
    await clock.advance(5_000);
    expect(nodes[0]?.ops).toEqual(["acquire", "release", "release"]);
    await answer(nodes, "release", [granted]);
    await clock.advance(200_000);
    const repeated = nodes[0]?.ops.filter((op) => op === "release").length;
    expect(repeated).toBeGreaterThan(2);
    await clock.advance(1_000_000);
    expect(nodes[0]?.ops.filter((op) => op === "release").length).toBe(repeated);
  });

  it("sends no release to a node that was never sent the request", async () => {
    const { locks, nodes } = scripted(3);
    await caught(Promise.race([locks.acquire("x"), Promise.reject(new Error("met"))]));
    await answer(nodes, "acquire", [granted, granted, granted]);
    for (const node of nodes) node.arrivals.length = 0;
    nodes[2]?.change("down");
    const acquisition = caught(locks.acquire("a"));
    await answer(nodes, "acquire", [denied, denied]);
    await acquisition;
    nodes[2]?.change("ready");
    await settle();
    expect(nodes[2]?.ops).toEqual([]);
  });
});
