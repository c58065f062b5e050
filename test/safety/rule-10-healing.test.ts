import { describe, expect, it } from "vitest";
import { denied, granted, missing } from "../engine/scripted-node.js";
import { answer, scripted, settle } from "./scripted-locks.js";

async function renewing() {
  const setup = scripted(3);
  const acquisition = setup.locks.acquire("a");
  await answer(setup.nodes, "acquire", [granted, granted, granted]);
  const lease = await acquisition;
  await setup.clock.advance(494);
  return { ...setup, lease };
}

describe("rule 10: a lost node is healed", () => {
  it("after a live majority has confirmed the lease, and only where the key is missing", async () => {
    const { nodes } = await renewing();
    await answer(nodes, "renew", [missing]);
    expect(nodes[0]?.ops).not.toContain("heal");
    await answer(nodes.slice(1), "renew", [granted, granted]);
    expect(nodes.map(({ ops }) => ops.includes("heal"))).toEqual([true, false, false]);
  });

  it("even when the missing key is reported after the decision", async () => {
    const { nodes } = await renewing();
    await answer(nodes, "renew", [granted, granted]);
    await answer(nodes.slice(2), "renew", [missing]);
    expect(nodes[2]?.ops.at(-1)).toBe("heal");
  });

  it("never when another client holds the key", async () => {
    const { nodes } = await renewing();
    await answer(nodes, "renew", [denied, granted, granted]);
    expect(nodes[0]?.ops).not.toContain("heal");
  });

  it("never by a renewal without a majority, or with a late majority", async () => {
    const { nodes, clock } = await renewing();
    await answer(nodes, "renew", [missing, granted]);
    clock.stall(494);
    await answer(nodes.slice(2), "renew", [granted]);
    expect(nodes.flatMap(({ ops }) => ops)).not.toContain("heal");
  });

  it("never after a release has begun", async () => {
    const { nodes, lease } = await renewing();
    await answer(nodes, "renew", [granted, granted]);
    void lease.release();
    await answer(nodes.slice(2), "renew", [missing]);
    await settle();
    expect(nodes[2]?.ops).toEqual(["acquire", "renew", "release"]);
  });

  it("and is released again when the release overtook the healing", async () => {
    const { nodes, lease } = await renewing();
    await answer(nodes, "renew", [missing, granted, granted]);
    void lease.release();
    await answer(nodes, "release", [missing, granted, granted]);
    await answer(nodes, "heal", [granted]);
    expect(nodes[0]?.ops).toEqual(["acquire", "renew", "heal", "release", "release"]);
  });
});
