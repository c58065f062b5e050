import { describe, expect, it } from "vitest";
import type { Lease } from "../../src/index.js";
import { granted, missing, refused } from "../engine/scripted-node.js";
import { answer, caught, scripted, settle } from "../safety/scripted-locks.js";

const ttl = 1_000;
const longer = 10_000;

async function held(
  locks: ReturnType<typeof scripted>["locks"],
  nodes: ReturnType<typeof scripted>["nodes"],
) {
  const acquisition = locks.acquire("a");
  await answer(nodes, "acquire", [granted, granted, granted]);
  return acquisition;
}

it("a release is owed for as long as a longer renewal lets the key live", async () => {
  const { locks, nodes, clock } = scripted(3, { ttl, renew: false });
  const lease = await held(locks, nodes);
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

it("a release is owed for as long as a renewal that failed may let the key live", async () => {
  const { locks, nodes, clock } = scripted(3, { ttl, renew: false });
  const lease = await held(locks, nodes);
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

it("a lease that was handed over is released by its heir for as long as the giver's ttl lets the key live", async () => {
  const { locks, nodes, clock } = scripted(3, { ttl: longer, renew: false });
  const giver = await held(locks, nodes);
  const token = nodes[0]?.of("acquire").at(-1)?.command;
  const note = giver.handover();
  nodes[0]?.change("down");
  const adoption = locks.adopt(note, { ttl });
  await answer([nodes[0], nodes[1], nodes[2]] as typeof nodes, "swap", [null, granted, granted]);
  const heir = await adoption;
  const released = heir.release();
  await answer(nodes.slice(1), "release", [granted, granted]);
  await released;
  await clock.advance(longer - 500);
  nodes[0]?.change("ready");
  await settle();
  // It was never sent the heir's token.
  expect(nodes[0]?.of("release").map(({ command }) => command)).toMatchObject([
    { token: token !== undefined && "token" in token ? token.token : "" },
  ]);
});

describe("a request that was lost with its connection, and may reach the node yet", () => {
  const lost = { kind: "failed", reason: "connection", message: "lost" } as const;
  type Scripted = ReturnType<typeof scripted>;

  function reconnect({ nodes: [first] }: Scripted): void {
    first?.change("down");
    first?.change("ready");
  }

  /** Whether the release is repeated after it was answered. */
  async function isRepeated({ nodes, clock }: Scripted, lease: Lease): Promise<boolean> {
    const released = lease.release();
    await answer(nodes, "release", [granted, granted, granted]);
    await released;
    await clock.advance(6_000);
    return (nodes[0]?.of("release").length ?? 0) > 1;
  }

  it("makes the release come again, also where later requests were answered", async () => {
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

  it("makes the release come again, also where the node could not be asked before", async () => {
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

  it("and no other does", async () => {
    const setup = scripted(3, { ttl: 60_000, renew: false });
    const lease = await held(setup.locks, setup.nodes);
    reconnect(setup);
    expect(await isRepeated(setup, lease)).toBe(false);
  });
});
