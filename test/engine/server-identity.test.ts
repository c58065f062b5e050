import { describe, expect, it } from "vitest";
import type { LockNode } from "../../src/engine/node/lock-node.js";
import { ServerIdentity } from "../../src/engine/node/server-identity.js";
import { type Identification, readMarker } from "../../src/engine/protocol/memory.js";
import { systemRandom } from "../../src/engine/time/random.js";
import { VirtualClock } from "../../src/testing/virtual-clock.js";
import { wayTo } from "../support/way-to.js";
import { ScriptedNode } from "./scripted-node.js";

const identificationOf = (marker: string): Identification =>
  readMarker(marker, { runId: "life", now: 1_000, watermark: 0, longLeft: 0 });

const lost = identificationOf("");
const abstaining = identificationOf("= 2000 2000 900 id.life 5 -");
const kept = identificationOf("id.life 5 -");

/** The identity of a server that answers as `identify` does. */
function serverOf(identify: LockNode["identify"], onRefused: (error: unknown) => void = () => {}) {
  const ignore = () => {};
  return new ServerIdentity({
    name: "node",
    node: wayTo(new ScriptedNode("node"), { identify }),
    clock: new VirtualClock(),
    random: systemRandom,
    knownServers: [],
    single: false,
    checksMemory: true,
    decides: () => true,
    onAsked: ignore,
    onEnded: ignore,
    onIdentified: ignore,
    onRefused,
  });
}

/** The identity of a server whose answers the test gives itself, in any order. */
function scriptedServer() {
  const answers: ((answer: Identification) => void)[] = [];
  const server = serverOf(() => new Promise<Identification>((resolve) => answers.push(resolve)));
  const ask = () => {
    const answer = server.ask(null, 0);
    const give = answers.at(-1) as (answer: Identification) => void;
    return { answer, give };
  };
  return { server, ask };
}

describe("the identity of a server", () => {
  it("follows the last answer", async () => {
    const { server, ask } = scriptedServer();
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

  it("ignores an answer that a later answer has overtaken", async () => {
    const { server, ask } = scriptedServer();
    const [first, second] = [ask(), ask()];
    first.give(kept);
    const early = (await first.answer) as Identification;
    second.give(abstaining);
    const late = (await second.answer) as Identification;
    // The server lost its memory after the first answer.
    expect(server.accept(early)).toBe(false);
    expect(server.known).toBe(false);
    expect(server.accept(late)).toBe(true);
    expect(server.remembers).toBe(false);
    expect(server.accept(early)).toBe(false);
    expect(server.remembers).toBe(false);
  });

  it("ignores an answer to a question that was sent on another connection", async () => {
    const { server, ask } = scriptedServer();
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

  it.each([
    [
      "throws",
      () => {
        throw new Error("not today");
      },
      "not today",
    ],
    ["answers null", () => Promise.resolve(null), "identify() gave null instead of an identification"],
    [
      "answers with nothing but a memory",
      () => Promise.resolve({ memory: null }),
      "identify() gave an object with memory instead of an identification",
    ],
    [
      "answers with a memory that says nothing",
      () => Promise.resolve({ runId: null, id: null, memory: {} }),
      "identify() gave an object with runId, id, memory instead of an identification",
    ],
    ["answers at once, with a text", () => "me", "identify() gave string instead of an identification"],
  ])("is refused by a node of the user's that %s", async (_, identify, message) => {
    const refusals: unknown[] = [];
    const server = serverOf(identify as unknown as LockNode["identify"], (error) => refusals.push(error));
    expect(server.identify()).toBe(true);
    await expect(server.ask(null, 0)).rejects.toThrow(message);
    expect(refusals).toEqual([expect.objectContaining({ message })]);
    expect(server.known).toBe(false);
  });
});
