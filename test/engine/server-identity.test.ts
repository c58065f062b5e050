import { describe, expect, it } from "vitest";
import { ServerIdentity } from "../../src/engine/node/server-identity.js";
import { type Identification, readMarker } from "../../src/engine/protocol/memory.js";
import { systemRandom } from "../../src/engine/time/random.js";
import { VirtualClock } from "../../src/testing/virtual-clock.js";
import { wayTo } from "../support/way-to.js";
import { ScriptedNode } from "./scripted-node.js";

const saying = (marker: string): Identification =>
  readMarker(marker, { runId: "life", now: 1_000, watermark: 0, longLeft: 0 });

const lost = saying("");
const abstaining = saying("= 2000 2000 900 id.life 5 -");
const kept = saying("id.life 5 -");

/** A node whose answers are given by hand, in any order. */
function asked() {
  const answers: ((answer: Identification) => void)[] = [];
  const node = wayTo(new ScriptedNode("node"), {
    identify: () => new Promise<Identification>((resolve) => answers.push(resolve)),
  });
  const clock = new VirtualClock();
  const ignore = () => {};
  const server = new ServerIdentity({
    name: "node",
    node,
    clock,
    random: systemRandom,
    knownServers: [],
    checksMemory: true,
    decides: () => true,
    onAsked: ignore,
    onEnded: ignore,
    onIdentified: ignore,
    onRefused: ignore,
  });
  const ask = () => {
    const answer = server.ask(null, 0);
    const give = answers.at(-1) as (answer: Identification) => void;
    return { answer, give };
  };
  return { server, ask };
}

describe("what is known of a server", () => {
  it("is its last answer", async () => {
    const { server, ask } = asked();
    for (const [said, remembers] of [
      [lost, false],
      [abstaining, false],
      [kept, true],
    ] as const) {
      const { answer, give } = ask();
      give(said);
      const identification = (await answer) as Identification;
      expect(server.accept(identification)).toBe(true);
      expect(server.remembers).toBe(remembers);
    }
  });

  it("is not what was overtaken by a later answer", async () => {
    const { server, ask } = asked();
    const [first, second] = [ask(), ask()];
    first.give(kept);
    const early = (await first.answer) as Identification;
    second.give(abstaining);
    const late = (await second.answer) as Identification;
    // In the meantime it has lost what it still had when it answered first.
    expect(server.accept(early)).toBe(false);
    expect(server.known).toBe(false);
    expect(server.accept(late)).toBe(true);
    expect(server.remembers).toBe(false);
    expect(server.accept(early)).toBe(false);
    expect(server.remembers).toBe(false);
  });

  it("is nothing that was asked on another connection", async () => {
    const { server, ask } = asked();
    const { answer, give } = ask();
    server.forget();
    give(kept);
    expect(await answer).toBeNull();
    const again = ask();
    again.give(kept);
    const identification = (await again.answer) as Identification;
    server.forget();
    expect(server.accept(identification)).toBe(false);
  });
});
