import { expect, it } from "vitest";
import * as holdfast from "../../src/index.js";
import { memoryNode } from "../../src/index.js";
import * as redlock from "../../src/redlock.js";
import { lockCalls } from "./calls/locks.js";
import { memoryCalls } from "./calls/memory.js";
import { optionCalls } from "./calls/options.js";
import { redlockCalls } from "./calls/redlock.js";
import { createRedlockSubjects } from "./support/redlock-subjects.js";
import { createSubjects } from "./support/subjects.js";

/** Public members that accept no invalid input or are tried elsewhere, with the reason. */
const elsewhere: Readonly<Record<string, string>> = {
  ...reason("tried in odd-input.test.ts", "isHoldfastError"),
  ...reason(
    "takes no arguments",
    ...[
      "handle.release",
      "lease.freeOnRelease",
      "handle.resources",
      "handle.state",
      "handle.lease",
      "handle.actor",
      "handle.toJSON",
      "locks.toJSON",
    ],
    ...[
      "lease.resources",
      "lease.ttl",
      "lease.drift",
      "lease.mode",
      "lease.validUntil",
      "lease.fence",
      "lease.signal",
    ],
    ...["lease.remaining", "lease.assertHeld", "lease.release", "lease.handover", "lease.toJSON"],
    ...["lease.permits", "semaphore.name", "semaphore.permits", "semaphore.inspect", "semaphore.toJSON"],
    ...["election.name", "election.state", "election.isLeader", "election.term", "election.actor"],
    ...["election.leader", "election.resign", "election.close", "election.toJSON"],
    ...["memoryNode.crash", "memoryNode.hang", "memoryNode.wake", "memoryNode.flush", "memoryNode.reconnect"],
    ...["redlock.servers", "disposer.resource", "disposer.promise", "disposer.tryDispose"],
  ),
  ...reason("takes a callback only, and anything else for none", "redlock.quit"),
  ...reason(
    "takes a callback only, and anything else for none",
    ...["redlock4", "redlock5", "nodeRedlock"].flatMap((kind) => [
      `${kind}Lock.release`,
      `${kind}Lock.unlock`,
    ]),
  ),
  ...reason(
    "is read",
    ...["redlock4", "redlock5", "nodeRedlock"].flatMap((kind) =>
      ["redlock", "classic", "attempts", "resource", "resources", "ttl", "expiration", "toJSON", "self"].map(
        (name) => `${kind}Lock.${name}`,
      ),
    ),
  ),
  ...reason("of Node's EventEmitter, which is called by the class itself", "redlock.emit"),
  ...reason("private", "redlock.quitAll", "redlock.heldLocksOf"),
  ...reason(
    "the engine's port, not for users: see replies.test.ts",
    ...[
      "connection",
      "trouble",
      "watch",
      "subscribe",
      "publish",
      "deliver",
      "connect",
      "close",
      "identify",
      "execute",
      "recordSets",
    ].map((name) => `memoryNode.${name}`),
  ),
  ...reason("internal to the lease", "lease.isOf"),
  ...reason("internal: what `lock` and its other names share", "redlock.lockClassic"),
  ...reason(
    "thrown by the package, for programs to recognise",
    ...Object.keys(holdfast).filter((name) => name.endsWith("Error") && name !== "isHoldfastError"),
    ...["LockError", "ExecutionError", "ResourceLockedError", "ClientError"].map(
      (name) => `redlock: ${name}`,
    ),
  ),
  ...reason("the class, by its other names", "redlock: default", "redlock: module.exports"),
  ...reason("tried as `new Redlock`", "redlock: Redlock"),
  ...reason("a lock is what its calls make of it: tried as their argument", "redlock: Lock"),
  ...reason("hand what they are given to the client", "redlock: IoredisClient", "redlock: RedisjsClient"),
};

function reason(why: string, ...names: string[]): Record<string, string> {
  return Object.fromEntries(names.map((name) => [name, why]));
}

/** Lists the members of an object, including members that it inherits from the package's classes. */
function membersOf(name: string, thing: object): string[] {
  const members: string[] = [];
  for (
    let prototype: object | null = Object.getPrototypeOf(thing);
    prototype !== null &&
    prototype !== Object.prototype &&
    !("setMaxListeners" in prototype && !("lock" in prototype));
    prototype = Object.getPrototypeOf(prototype)
  ) {
    const own = Object.getOwnPropertyNames(prototype).filter((member) => member !== "constructor");
    members.push(...own.map((member) => `${name}.${member}`));
  }
  return members;
}

it("every public call is tried with invalid input, or there is a reason why not", async () => {
  const { locks, handle, lease, election, semaphore } = await createSubjects();
  const classic = await createRedlockSubjects();
  const disposer = await classic.redlock.disposer("disposed", 1_000);
  const known = [
    ...Object.keys(holdfast),
    ...Object.keys(redlock).map((name) => `redlock: ${name}`),
    ...membersOf("locks", locks),
    ...membersOf("handle", handle),
    ...membersOf("lease", lease),
    ...membersOf("election", election),
    ...membersOf("semaphore", semaphore),
    ...membersOf("memoryNode", memoryNode()),
    ...membersOf("redlock", classic.redlock),
    ...(["redlock4", "redlock5", "nodeRedlock"] as const).flatMap((kind) =>
      membersOf(`${kind}Lock`, classic[kind]),
    ),
    ...membersOf("disposer", disposer),
  ];
  const calls = [...optionCalls, ...lockCalls, ...memoryCalls, ...redlockCalls];
  const tried = new Set(calls.map(({ covers }) => covers));
  expect(known.filter((name) => !tried.has(name) && !Object.hasOwn(elsewhere, name))).toEqual([]);
  expect([...tried].filter((name) => name !== "new Redlock" && !known.includes(name))).toEqual([]);
});
