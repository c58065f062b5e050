import { expect, it } from "vitest";
import { granted, refused } from "../engine/scripted-node.js";
import { answer, caught, scripted, settle } from "../safety/world.js";

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
