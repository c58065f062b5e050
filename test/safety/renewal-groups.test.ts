import { describe, expect, it } from "vitest";
import { denied, granted, missing, refused } from "../engine/scripted-node.js";
import { holding, named, others, renewing, step, validity } from "./scripted-groups.js";
import { answer, caught, settle } from "./scripted-locks.js";

const abc = ["a", "b", "c"];

describe("leases that are renewed together", () => {
  it("are renewed by one command to each node", async () => {
    const setup = await renewing(abc);
    await settle();
    for (const node of setup.nodes) {
      expect(node.ops.slice(3)).toEqual(["renewEach"]);
      const tokens = node.of("acquire").map(({ command }) => ("token" in command ? command.token : ""));
      expect(node.of("renewEach")[0]?.command).toEqual({ op: "renewEach", keys: abc, tokens, ttl: 1_000 });
    }
    await answer(setup.nodes, "renewEach", [granted, granted, null]);
    expect(named(setup, "renewed")).toEqual(abc);
    const votes = [
      { kind: "granted", node: "node-0" },
      { kind: "granted", node: "node-1" },
    ];
    for (const { name, event } of setup.events) if (name === "renewed") expect(event.votes).toEqual(votes);
  });

  it("go through the same states as a lease that is renewed by itself", async () => {
    const { nodes, locks, clock } = await holding(abc);
    const handle = locks.handle("d");
    const acquisition = handle.acquire();
    await answer(nodes, "acquire", [granted, granted, granted]);
    await acquisition;
    const states: unknown[] = [];
    handle.actor.subscribe(({ value }) => states.push(value));
    await clock.advance(validity / 2);
    await answer(nodes, "renewEach", [granted, granted, granted]);
    expect(states).toEqual([{ renewing: "asking" }, "held"]);
  });

  it("count their validity from before the first request", async () => {
    const { nodes, clock, leases } = await renewing(abc);
    await clock.advance(100);
    const asked = clock.monotonic() - 100;
    await answer(nodes, "renewEach", [granted, granted, granted]);
    // The renewal began in the step before.
    for (const lease of leases) {
      expect(lease.remaining()).toBeLessThanOrEqual(asked + validity - clock.monotonic());
      expect(lease.remaining()).toBeGreaterThan(validity - 100 - step);
    }
  });

  it("are renewed without waiting for a node that hangs", async () => {
    const setup = await renewing(abc);
    await answer(setup.nodes, "renewEach", [null, granted, granted]);
    expect(named(setup, "renewed")).toEqual(abc);
  });

  it("report the loss of the quorum each, try again, and run on until their deadline", async () => {
    const setup = await renewing(abc);
    await answer(setup.nodes, "renewEach", [refused, refused, granted]);
    expect(named(setup, "quorumLost")).toEqual(abc);
    for (const lease of setup.leases) expect(lease.remaining()).toBeGreaterThan(0);
    await setup.clock.advance(200);
    await answer(setup.nodes, "renewEach", [granted, granted, granted]);
    expect(named(setup, "renewed")).toEqual(abc);
  });

  it("end at their deadline, even if every node hangs, and no late reply revives them", async () => {
    const setup = await renewing(abc);
    await settle();
    const arrivals = setup.nodes.map((node) => node.of("renewEach")[0]);
    await setup.clock.advance(validity);
    expect(named(setup, "expired")).toEqual(abc);
    for (const arrival of arrivals) arrival?.answer(granted);
    await settle();
    expect(named(setup, "renewed")).toEqual([]);
    for (const lease of setup.leases) expect(lease.remaining()).toBe(0);
  });

  it("are over if the deadline passed while the event loop was blocked", async () => {
    const setup = await renewing(abc);
    await settle();
    setup.clock.stall(validity);
    await answer(setup.nodes, "renewEach", [granted, granted, granted]);
    expect(named(setup, "expired")).toEqual(abc);
    expect(setup.nodes.flatMap(({ ops }) => ops)).not.toContain("heal");
  });

  it("are not renewed by an answer that came too late to be trusted", async () => {
    const setup = await renewing(abc, {}, { nodeTimeout: 10 });
    await settle();
    setup.clock.stall(200);
    await answer(setup.nodes, "renewEach", [granted, granted, granted]);
    expect(named(setup, "renewed")).toEqual([]);
    expect(named(setup, "quorumLost")).toEqual(abc);
  });

  it("keep the end that maxHold sets", async () => {
    const setup = await renewing(abc, { maxHold: 1_200 });
    await answer(setup.nodes, "renewEach", [granted, granted, granted]);
    expect(named(setup, "renewed")).toEqual(abc);
    await setup.clock.advance(1_200 - setup.clock.monotonic() - 1);
    expect(named(setup, "expired")).toEqual([]);
    await setup.clock.advance(3);
    const reasons = setup.events.filter(({ name }) => name === "expired").map(({ event }) => event.reason);
    expect(reasons).toEqual(["maxHold", "maxHold", "maxHold"]);
  });
});

describe("a lease whose key a node did not renew with the others", () => {
  it("is renewed by itself, and healed where its key is missing", async () => {
    const setup = await renewing(abc);
    await answer(setup.nodes, "renewEach", [others(1), granted, granted]);
    expect(named(setup, "renewed")).toEqual(["a", "c"]);
    await answer(setup.nodes, "renew", [missing, granted, granted]);
    expect(named(setup, "renewed")).toEqual(["a", "c", "b"]);
    expect(setup.nodes.map(({ ops }) => ops.slice(3))).toEqual([
      ["renewEach", "renew", "heal"],
      ["renewEach", "renew"],
      ["renewEach", "renew"],
    ]);
    expect(setup.nodes[0]?.of("renew")[0]?.command.keys).toEqual(["b"]);
  });

  it("is not renewed by nodes that renewed the keys of others", async () => {
    const setup = await renewing(abc);
    await answer(setup.nodes, "renewEach", [others(1), granted, null]);
    await answer(setup.nodes, "renew", [missing, granted, null]);
    expect(named(setup, "renewed")).toEqual(["a", "c"]);
    await setup.clock.advance(validity / 2 + step);
    expect(named(setup, "expired")).toEqual(["b"]);
  });

  it("is lost alone if a majority reports that it is another's", async () => {
    const setup = await renewing(abc);
    await answer(setup.nodes, "renewEach", [others(1), others(1), granted]);
    await answer(setup.nodes, "renew", [denied, denied]);
    expect(named(setup, "expired")).toEqual(["b"]);
    expect(setup.events.find(({ name }) => name === "expired")?.event).toMatchObject({ reason: "taken" });
    expect(named(setup, "renewed")).toEqual(["a", "c"]);
  });

  it("is healed at once if the node answers after the decision", async () => {
    const setup = await renewing(abc);
    await answer(setup.nodes, "renewEach", [granted, granted, others(0, 2)]);
    expect(named(setup, "renewed")).toEqual(abc);
    const healed = setup.nodes.map((node) => node.of("heal").map(({ command }) => command.keys));
    expect(healed).toEqual([[], [], [["a"], ["c"]]]);
  });

  it("is not healed once its release has begun", async () => {
    const { nodes, leases } = await renewing(abc);
    await answer(nodes, "renewEach", [granted, granted, null]);
    void leases[0]?.release();
    await answer(nodes, "renewEach", [null, null, others(0, 2)]);
    expect(nodes[2]?.of("heal").map(({ command }) => command.keys)).toEqual([["c"]]);
  });

  it("is not healed if its renewal was not accepted", async () => {
    const { nodes, clock } = await renewing(abc);
    await settle();
    clock.stall(validity);
    await answer(nodes, "renewEach", [granted, granted, others(0, 2)]);
    expect(nodes.flatMap(({ ops }) => ops)).not.toContain("heal");
  });

  it("is not healed because the others have a quorum", async () => {
    const { nodes } = await renewing(abc);
    await answer(nodes, "renewEach", [others(1), granted, others(1)]);
    expect(nodes.flatMap(({ ops }) => ops)).not.toContain("heal");
  });
});

describe("while leases are renewed together, one of them", () => {
  it("can be released: it is not renewed, and the others are", async () => {
    const setup = await renewing(abc);
    await settle();
    const released = setup.leases[1]?.release();
    await answer(setup.nodes, "release", [granted, granted, granted]);
    await released;
    await answer(setup.nodes, "renewEach", [others(1), others(1), others(1)]);
    expect(named(setup, "renewed")).toEqual(["a", "c"]);
    expect(setup.nodes.flatMap(({ ops }) => ops)).not.toContain("renew");
  });

  it("can be released: a command that is sent again does not renew it", async () => {
    const { nodes, leases } = await renewing(abc);
    await settle();
    const [sent] = nodes[0]?.of("renewEach") ?? [];
    const before = sent?.command.op === "renewEach" ? [...sent.command.tokens] : [];
    void leases[1]?.release();
    expect(sent?.request.wanted()).toBe(true);
    const after = sent?.command.op === "renewEach" ? sent.command.tokens : [];
    expect(after.map((token, index) => token === before[index])).toEqual([true, false, true]);
    void leases[0]?.release();
    void leases[2]?.release();
    expect(sent?.request.wanted()).toBe(false);
  });

  it("can be the last one to be released: no timer of the round is left", async () => {
    const { nodes, locks, clock, leases } = await renewing(abc);
    await settle();
    const released = leases.map((lease) => lease.release());
    await settle();
    for (const node of nodes) for (const arrival of node.of("release")) arrival.answer(granted);
    await Promise.all(released);
    const closed = locks.close();
    await clock.advance(0);
    await closed;
    expect(clock.pending).toBe(0);
  });

  it("can be handed over: it is not renewed here", async () => {
    const setup = await renewing(abc);
    await settle();
    setup.leases[1]?.handover();
    await answer(setup.nodes, "renewEach", [granted, granted, granted]);
    expect(named(setup, "renewed")).toEqual(["a", "c"]);
  });

  it("can be asked to renew: the request waits for a renewal that began after it", async () => {
    const setup = await renewing(abc);
    await settle();
    let renewed = false;
    void setup.leases[1]?.renew().then(() => {
      renewed = true;
    });
    await answer(setup.nodes, "renewEach", [granted, granted, granted]);
    expect(renewed).toBe(false);
    await answer(setup.nodes, "renew", [granted, granted, null]);
    expect(renewed).toBe(true);
    expect(setup.nodes[0]?.of("renew").map(({ command }) => command.keys)).toEqual([["b"]]);
  });

  it("can be asked to renew, and rejects if it is lost", async () => {
    const setup = await renewing(abc);
    await settle();
    const refusal = caught(setup.leases[1]?.renew() ?? Promise.resolve());
    await answer(setup.nodes, "renewEach", [others(1), others(1), granted]);
    await answer(setup.nodes, "renew", [denied, denied]);
    expect(await refusal).toMatchObject({ code: "LEASE_EXPIRED" });
  });

  it("can be confirmed for a node that votes again", async () => {
    const { nodes, clock } = await renewing(abc);
    await settle();
    nodes[2]?.change("down", new Error("lost"));
    nodes[2]?.change("ready");
    await clock.advance(15);
    await answer(nodes, "renewEach", [granted, granted]);
    expect(nodes[2]?.of("renew").map(({ command }) => command.keys)).toEqual([["a"], ["b"], ["c"]]);
  });
});

describe("a lease is renewed by itself", () => {
  const alone = async (...args: Parameters<typeof holding>) => {
    const { nodes } = await renewing(...args);
    await settle();
    return nodes[0]?.ops.slice(args[0].length);
  };

  it("if it has several resources", async () => {
    expect(
      await alone([
        ["a", "b"],
        ["c", "d"],
      ]),
    ).toEqual(["renew", "renew"]);
  });

  it("if no other is due", async () => {
    expect(await alone(["a"])).toEqual(["renew"]);
  });

  it("if commands are not grouped", async () => {
    expect(await alone(abc, {}, { grouping: false })).toEqual(["renew", "renew", "renew"]);
  });

  it("if a node does not take the command", async () => {
    const { nodes, clock } = await holding(abc);
    if (nodes[1] !== undefined) nodes[1].renewsEach = false;
    await clock.advance(validity / 2);
    expect(nodes[0]?.ops.slice(3)).toEqual(["renew", "renew", "renew"]);
  });

  it("if it is long, because servers record a long lease by itself", async () => {
    const { nodes, clock } = await holding(abc, { ttl: 70_000 });
    await clock.advance(35_000);
    expect(new Set(nodes[0]?.ops.slice(3))).toEqual(new Set(["renew"]));
  });

  it("if it has less validity left than nodes may take to answer", async () => {
    const { nodes, clock } = await renewing(abc, {}, { nodeTimeout: 300 });
    await clock.advance(300 + 100);
    expect(nodes[0]?.ops.slice(3)).toEqual(["renewEach", "renew", "renew", "renew"]);
  });
});

describe("a group", () => {
  it("has leases of one ttl", async () => {
    const { nodes, locks, clock } = await holding(["a", "b"]);
    const more = ["c", "d"].map((resource) => locks.acquire(resource, { ttl: 1_010 }));
    await settle();
    for (const node of nodes) for (const arrival of node.of("acquire").slice(2)) arrival.answer(granted);
    await Promise.all(more);
    await clock.advance(500);
    expect(nodes[0]?.of("renewEach").map(({ command }) => command.keys)).toEqual([
      ["a", "b"],
      ["c", "d"],
    ]);
  });

  it("has at most the leases of one call", async () => {
    const names = Array.from({ length: 1_100 }, (_, index) => `r${index}`);
    const { nodes } = await renewing(names);
    await settle();
    expect(nodes[0]?.of("renewEach").map(({ command }) => command.keys.length)).toEqual([500, 500, 100]);
  });

  it("has at most the characters of one call", async () => {
    const names = Array.from({ length: 6 }, (_, index) => `${index}`.repeat(60_000));
    const { nodes } = await renewing(names);
    await settle();
    expect(nodes[0]?.of("renewEach").map(({ command }) => command.keys.length)).toEqual([4, 2]);
  });

  it("counts a node that denies it as a whole as failed", async () => {
    const setup = await renewing(abc);
    await answer(setup.nodes, "renewEach", [missing, missing, granted]);
    expect(named(setup, "quorumLost")).toEqual(abc);
    expect(named(setup, "expired")).toEqual([]);
  });
});
