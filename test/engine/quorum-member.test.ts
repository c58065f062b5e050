import { describe, expect, it } from "vitest";
import { QuorumMember } from "../../src/engine/node/quorum-member.js";
import { PendingCommand } from "../../src/engine/node/request-queue.js";
import type { LockCommand } from "../../src/engine/protocol/command.js";
import { systemRandom } from "../../src/engine/time/random.js";
import { TickBatcher } from "../../src/engine/time/tick-batcher.js";
import { settle, VirtualClock } from "../../src/testing/virtual-clock.js";
import { granted, ScriptedNode } from "./scripted-node.js";

class WantedCommand extends PendingCommand {
  readonly caller = null;
  constructor(readonly command: LockCommand) {
    super();
  }

  wanted(): boolean {
    return true;
  }

  onReply(): void {}
}

async function identifiedMember(grouped: boolean) {
  const node = new ScriptedNode("node");
  const clock = new VirtualClock();
  const member = new QuorumMember({
    name: "node",
    node,
    index: 0,
    clock,
    batcher: new TickBatcher(grouped),
    nodeTimeout: 100,
    connectTimeout: 1_000,
    random: systemRandom,
    knownServers: [],
    single: false,
    checksMemory: true,
    admitsNameless: true,
    collectable: false,
    observe: () => {},
    callObserver: null,
    decides: () => true,
    onIdentified: () => {},
    onVotesAgain: () => {},
    onStuck: () => {},
  });
  member.whenIdentified(() => {});
  await settle();
  return { node, member };
}

const renew: LockCommand = { op: "renew", keys: ["a"], token: "name", ttl: 60_000 };
const release: LockCommand = { op: "release", keys: ["a"], token: "name" };
const pendingRelease = {
  caller: null,
  keptUntil: null,
  ...{ command: release, ttl: 60_000, reclaimable: true },
  ...{ unanswered: false, askedOn: null, answered: null },
};

/** Breaks the connection before the release is answered, and restores it. */
async function loseReplies(node: ScriptedNode): Promise<void> {
  await settle();
  for (const { command, answer } of node.arrivals.splice(0)) {
    answer(command.op === "release" ? { kind: "failed", reason: "connection", message: "gone" } : granted);
  }
  await settle();
  node.change("down");
  node.change("ready");
  await settle();
}

describe.each([
  ["in one batch", true],
  ["one by one", false],
])("a release whose answer is lost, and a claim with the same token in one tick, %s", (_, grouped) => {
  it("is sent again when it was requested after the claim", async () => {
    const { node, member } = await identifiedMember(grouped);
    member.ask(new WantedCommand(renew));
    member.release(pendingRelease);
    await loseReplies(node);
    expect(node.ops).toEqual(["release"]);
  });

  it("is not sent again when the claim came after it, because it would undo the claim", async () => {
    const { node, member } = await identifiedMember(grouped);
    member.release(pendingRelease);
    member.ask(new WantedCommand(renew));
    await loseReplies(node);
    expect(node.ops).toEqual([]);
  });
});
