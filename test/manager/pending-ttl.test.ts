import { describe, expect, it } from "vitest";
import type { Lease } from "../../src/index.js";
import { granted, missing, refused } from "../engine/scripted-node.js";
import { answer, caught, scripted, settle } from "../safety/scripted-locks.js";

const ttl = 1_000;
const longer = 10_000;

async function acquireAll(
  locks: ReturnType<typeof scripted>["locks"],
  nodes: ReturnType<typeof scripted>["nodes"],
) {
  const acquisition = locks.acquire("a");
  await answer(nodes, "acquire", [granted, granted, granted]);
  return acquisition;
}

it("a release stays pending for as long as the key may exist after a longer renewal", async () => {
  const { locks, nodes, clock } = scripted(3, { ttl, renew: false });
  const lease = await acquireAll(locks, nodes);
  const renewal = lease.renew(longer);
  await answer(nodes, "renew", [granted, granted, granted]);
  await renewal;
  nodes[0]?.change("down");
  const released = lease.release();
  await answer(nodes.slice(1), "release", [granted, granted]);
  expect(await released).toBe("released");
  await clock.advance(longer - 100);
  nodes[0]?.change("ready");
  await settle();
  expect(nodes[0]?.ops).toEqual(["acquire", "renew", "release"]);
});

it("a release stays pending for as long as the key may exist after a failed renewal", async () => {
  const { locks, nodes, clock } = scripted(3, { ttl, renew: false });
  const lease = await acquireAll(locks, nodes);
  const renewal = caught(lease.renew(longer));
  await answer(nodes, "renew", [granted, refused, refused]);
  await renewal;
  nodes[0]?.change("down");
  const released = lease.release();
  await answer(nodes.slice(1), "release", [granted, granted]);
  await released;
  await clock.advance(longer - 100);
  nodes[0]?.change("ready");
  await settle();
  expect(nodes[0]?.ops).toEqual(["acquire", "renew", "release"]);
});

it("the adopter's release stays pending for as long as the key may exist by the previous holder's TTL", async () => {
  const { locks, nodes, clock } = scripted(3, { ttl: longer, renew: false });
  const giver = await acquireAll(locks, nodes);
  const token = nodes[0]?.of("acquire").at(-1)?.command;
  const note = giver.handover();
  nodes[0]?.change("down");
  const adoption = locks.adopt(note, { ttl });
  await answer([nodes[0], nodes[1], nodes[2]] as typeof nodes, "swap", [null, granted, granted]);
  const adopter = await adoption;
  const released = adopter.release();
  await answer(nodes.slice(1), "release", [granted, granted]);
  await released;
  await clock.advance(longer - 500);
  nodes[0]?.change("ready");
  await settle();
  // The node was never sent the adopter's token.
  expect(nodes[0]?.of("release").map(({ command }) => command)).toContainEqual(
    expect.objectContaining({ token: token !== undefined && "token" in token ? token.token : "" }),
  );
});

it("a failed adoption that is still to be undone does not give back a lease that is over", async () => {
  const { locks, nodes, clock } = scripted(3, { ttl: longer, renew: false });
  const giver = await acquireAll(locks, nodes);
  const note = giver.handover();
  const failed = caught(locks.adopt(note, { ttl }));
  await answer(nodes, "swap", [granted, refused, refused]);
  await failed;
  await answer([nodes[0]] as typeof nodes, "giveBack", [refused]);
  const first = nodes[0]?.of("swap").at(-1)?.command;
  const adoption = locks.adopt(note, { ttl });
  await answer(nodes, "swap", [refused, granted, granted]);
  const adopter = await adoption;
  const released = adopter.release();
  await answer(nodes.slice(1), "release", [granted, granted]);
  expect(await released).toBe("released");
  const before = nodes[0]?.of("giveBack").length;
  await clock.advance(longer);
  expect(nodes[0]?.of("giveBack")).toHaveLength(before ?? 0);
  expect(nodes[0]?.of("release").map(({ command }) => command)).toContainEqual(
    expect.objectContaining({ token: first !== undefined && "token" in first ? first.token : "" }),
  );
});

describe("a request that was lost with its connection and may still reach the node", () => {
  const lost = { kind: "failed", reason: "connection", message: "lost" } as const;
  type Scripted = ReturnType<typeof scripted>;

  function reconnect({ nodes: [first] }: Scripted): void {
    first?.change("down");
    first?.change("ready");
  }

  /** Returns whether the release is repeated after its answer. */
  async function isRepeated({ nodes, clock }: Scripted, lease: Lease): Promise<boolean> {
    const released = lease.release();
    await answer(nodes, "release", [granted, granted, granted]);
    await released;
    await clock.advance(6_000);
    return (nodes[0]?.of("release").length ?? 0) > 1;
  }

  it("causes the release to be repeated, even when later requests were answered", async () => {
    const setup = scripted(3, { ttl: 60_000, renew: false });
    const acquisition = setup.locks.acquire("a");
    await answer(setup.nodes, "acquire", [null, granted, granted]);
    const lease = await acquisition;
    setup.nodes[0]?.of("acquire")[0]?.answer(lost);
    reconnect(setup);
    const renewal = lease.renew();
    await answer(setup.nodes, "renew", [missing, granted, granted]);
    await renewal;
    await answer(setup.nodes, "heal", [granted]);
    expect(await isRepeated(setup, lease)).toBe(true);
  });

  it("causes the release to be repeated, even when the node was down before", async () => {
    const setup = scripted(3, { ttl: 60_000, renew: false });
    await setup.locks.ready();
    setup.nodes[0]?.change("down");
    const acquisition = setup.locks.acquire("a");
    await answer(setup.nodes.slice(1), "acquire", [granted, granted]);
    const lease = await acquisition;
    setup.nodes[0]?.change("ready");
    const renewal = lease.renew();
    await answer(setup.nodes, "renew", [missing, granted, granted]);
    await renewal;
    await answer(setup.nodes, "heal", [lost]);
    reconnect(setup);
    expect(await isRepeated(setup, lease)).toBe(true);
  });

  it("is the only cause of a repeated release", async () => {
    const setup = scripted(3, { ttl: 60_000, renew: false });
    const lease = await acquireAll(setup.locks, setup.nodes);
    reconnect(setup);
    expect(await isRepeated(setup, lease)).toBe(false);
  });
});
