import { inspect } from "node:util";
import { describe, expect, it } from "vitest";
import type { InspectionEvent } from "../../src/index.js";
import { listen, TestNodes } from "../manager/test-nodes.js";
import { noteSecrets } from "../support/noted-secrets.js";

describe("rule 11: the token is a secret", () => {
  it("appears in no event, error, inspection, trace or JSON of a run with contention, renewal, loss and handover", async () => {
    const testNodes = new TestNodes(3);
    const { random, secrets } = noteSecrets();
    const shown: unknown[] = [];
    const trace = (event: InspectionEvent) => shown.push(JSON.stringify(event));
    const ours = testNodes.locks({ ttl: 1_000, random, xstate: { inspect: trace } });
    const theirs = testNodes.locks({ owner: "other", random });
    const events = [listen(ours), listen(theirs)];

    const handle = ours.handle("a");
    const lease = await handle.acquire();
    shown.push(
      handle,
      lease,
      JSON.stringify(handle.actor.getSnapshot()),
      JSON.stringify(handle),
      await theirs.inspect("a"),
    );
    shown.push(await testNodes.run(theirs.acquire("a", { wait: 200 }).catch((error: unknown) => error)));
    shown.push(await theirs.tryAcquire("a"));
    await testNodes.clock.advance(800);
    for (const node of testNodes.nodes) node.restart();
    await testNodes.clock.advance(1_000);
    shown.push(await lease.renew().catch((error: unknown) => error), lease.signal.reason);
    const second = await ours.acquire("b");
    const note = second.handover();
    const adopted = await theirs.adopt(note);
    shown.push(second, adopted, await theirs.adopt(note).catch((error: unknown) => error));
    shown.push(await theirs.adopt(`${note}x`).catch((error: unknown) => error));
    for (const node of testNodes.nodes) node.crash();
    shown.push(await theirs.tryAcquire("c").catch((error: unknown) => error));
    await Promise.all([ours.close(), theirs.close()]);

    expect(secrets.length).toBeGreaterThan(5);
    const written = [...events.flat(), ...shown]
      .map(
        (item) =>
          `${inspect(item, { depth: 4, getters: true, maxArrayLength: 20 })}\n${JSON.stringify(item)}`,
      )
      .join("\n");
    // The first secret of each manager is used for acquisition ids, eight characters long, and never for a token.
    const tokens = secrets.slice(2);
    expect(tokens.filter((token) => written.includes(token))).toEqual([]);
    expect(written).toContain("tokenHash");
    expect(written).not.toContain(note);
  });
});
