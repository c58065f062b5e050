import { describe, expect, test } from "vitest";
import { queuedAcquire, queuedRelease } from "../contract/queue-contract.js";
import { acquire, granted, one, release, request, run, tokenOf } from "../contract/subject.js";
import { type Ask, execute } from "../engine/batches.js";
import { nodeOver } from "./fake-connection.js";

const take = (key = "key") => acquire(key, tokenOf("me"));
const givenUp = { kind: "failed", reason: "notAsked", message: "given up before it was sent" };
const grants = (keys: readonly string[]) => Promise.resolve(keys.map(() => 1));
const noScript = () => Promise.reject(new Error("NOSCRIPT No matching script. Please use EVAL."));

describe("any exception of a client becomes a failed vote", () => {
  test.each<[string, () => unknown, string, string]>([
    [
      "synchronously",
      () => {
        throw new Error("not a function");
      },
      "connection",
      "not a function",
    ],
    [
      "a server's error",
      () => Promise.reject(new Error("READONLY no writes")),
      "refused",
      "READONLY no writes",
    ],
    ["text", () => Promise.reject("just text"), "connection", "just text"],
    ["nothing", () => Promise.reject(undefined), "connection", "undefined"],
    ["an object", () => Promise.reject({ toString: () => "an odd thing" }), "connection", "an odd thing"],
    [
      "an object that cannot be shown",
      () => Promise.reject(Object.create(null)),
      "connection",
      "something that cannot be put into words",
    ],
    ["an error without a message", () => Promise.reject(new TypeError()), "connection", "TypeError"],
    [
      "a system error",
      () => Promise.reject(Object.assign(new Error("ECONNRESET read"), { syscall: "read" })),
      "connection",
      "ECONNRESET read",
    ],
    ["a timeout", () => Promise.reject(new Error("Command timed out")), "timeout", "Command timed out"],
    [
      "a closed client",
      () => Promise.reject(new Error("The client is closed")),
      "notReady",
      "The client is closed",
    ],
    ["a full queue", () => Promise.reject(new Error("The queue is full")), "overloaded", "The queue is full"],
    ["a value that is no promise", () => 7, "garbage", "unexpected reply: 7"],
    ["a bigint", () => Promise.resolve([[7n]]), "garbage", "unexpected reply: an array of 1"],
    ["a symbol", () => Promise.resolve(Symbol("odd")), "garbage", "unexpected reply: Symbol(odd)"],
  ])("%s", async (_, call, reason, message) => {
    const node = nodeOver(call);
    expect(await one(node, take())).toEqual({ kind: "failed", reason, message });
  });
});

test("numbers as text, bigints and buffers are the same reply", async () => {
  for (const reply of ["1", 1n, Buffer.from("1")]) {
    expect(
      await one(
        nodeOver(() => Promise.resolve([reply])),
        take(),
      ),
    ).toEqual(granted);
  }
  const buffers = [0, 1, "250", Buffer.from("me~"), Buffer.from("#0123456789abcdef"), Buffer.from("string")];
  expect(
    await one(
      nodeOver(() => Promise.resolve([buffers])),
      take(),
    ),
  ).toEqual({
    kind: "denied",
    holder: { key: "key", owner: "me", tokenHash: "0123456789abcdef", ttlLeft: 250, type: "string" },
  });
});

describe("sending again", () => {
  const requests = (wanted: boolean): Ask[] => [
    request(take("a")),
    request(take("b"), () => wanted),
    request(release("c", tokenOf("me")), () => wanted),
  ];

  test("after NOSCRIPT omits withdrawn commands, but no release, and keeps the order", async () => {
    const sent: string[][] = [];
    const node = nodeOver((command, keys) => {
      sent.push([command, ...keys]);
      return command === "EVALSHA" ? noScript() : grants(keys);
    });
    // The first call carries the script.
    expect(await one(node, take("first"))).toEqual(granted);
    expect(sent.splice(0)).toEqual([["EVAL", "first"]]);
    const replies = await execute(node, requests(false));
    expect(replies).toEqual([granted, givenUp, granted]);
    expect(sent).toEqual([
      ["EVALSHA", "a", "b", "c"],
      ["EVAL", "a", "c"],
    ]);
  });

  test("after a refusal of the whole omits withdrawn commands, and sends each command once", async () => {
    const sent: string[][] = [];
    const node = nodeOver((_, keys) => {
      sent.push([...keys]);
      return keys.length > 1 ? Promise.reject(new Error("NOPERM no such keys")) : grants(keys);
    });
    const replies = await execute(node, requests(false));
    expect(replies).toEqual([granted, givenUp, granted]);
    expect(sent).toEqual([["a", "b", "c"], ["a"], ["c"]]);
  });

  test("does not happen once the connection is lost", async () => {
    let ready = true;
    const node = nodeOver(
      (command, keys) => {
        if (command === "EVAL") return grants(keys);
        ready = false;
        return noScript();
      },
      { ready: () => ready },
    );
    expect(await one(node, take("first"))).toEqual(granted);
    const [reply] = await execute(node, requests(true));
    expect(reply).toMatchObject({ kind: "failed", reason: "notReady" });
  });

  test("of an empty batch sends nothing", async () => {
    let calls = 0;
    const node = nodeOver((command) => {
      calls++;
      return command === "EVALSHA" ? noScript() : grants(["first"]);
    });
    expect(await one(node, take("first"))).toEqual(granted);
    const wanted = () => false;
    expect(await execute(node, [request(take(), wanted)])).toEqual([givenUp]);
    expect(calls).toBe(2);
  });
});

describe("where an access list forbids the queues", () => {
  const forbids = (...forbidden: string[]) => {
    const sent: string[][] = [];
    const node = nodeOver((_, keys) => {
      sent.push([...keys]);
      if (keys.some((key) => forbidden.some((start) => key.startsWith(start)))) {
        return Promise.reject(new Error("NOPERM no such keys"));
      }
      return grants(keys.filter((key) => !key.startsWith("holdfast:")));
    });
    return { node, sent };
  };
  const refused = {
    kind: "failed",
    reason: "refused",
    message: "NOPERM no such keys; `holdfast doctor` names the missing right",
    lasting: true,
  };
  const queued = (key: string) => queuedAcquire(key, null);

  test("the same commands are repeated without them, in order, and later commands omit them", async () => {
    const { node, sent } = forbids("holdfast:queue:");
    const commands = [queued("a"), take("b"), queuedRelease("c", tokenOf("me"), null, true)];
    expect(await run(node, ...commands)).toEqual([granted, granted, granted]);
    expect(await run(node, ...commands)).toEqual([granted, granted, granted]);
    expect(sent).toEqual([
      ["a", "holdfast:queue:a", "b", "c", "holdfast:queue:c"],
      ["a", "b", "c"],
      ["a", "b", "c"],
    ]);
  });

  test("the commands for other forbidden keys fail alone", async () => {
    const { node } = forbids("holdfast:queue:", "secret");
    const commands = [queued("a"), queued("secret"), take("b")];
    expect(await run(node, ...commands)).toEqual([granted, refused, granted]);
    expect(await run(node, ...commands)).toEqual([granted, refused, granted]);
  });

  test("queues are kept if another key was forbidden", async () => {
    const { node, sent } = forbids("secret");
    expect(await run(node, queued("a"), queued("secret"))).toEqual([granted, refused]);
    expect(await one(node, queued("secret"))).toEqual(refused);
    sent.length = 0;
    expect(await one(node, queued("a"))).toEqual(granted);
    expect(sent).toEqual([["a", "holdfast:queue:a"]]);
  });

  test("withdrawn commands are not repeated, and the others prove nothing about the queues", async () => {
    const { node, sent } = forbids("secret");
    let wanted = true;
    const answer = execute(node, [request(queued("secret"), () => wanted), request(queued("a"))]);
    wanted = false;
    expect(await answer).toEqual([givenUp, granted]);
    const withQueue = ["a", "holdfast:queue:a"];
    expect(sent).toEqual([["secret", "holdfast:queue:secret", ...withQueue], withQueue]);
  });
});

test("a batch is written synchronously", () => {
  const sent: string[] = [];
  const node = nodeOver((_, keys) => {
    sent.push(...keys);
    return grants(keys);
  });
  void run(node, take("a"), take("b"));
  void run(node, take("c"));
  expect(sent).toEqual(["a", "b", "c"]);
});

test("nothing is sent while the connection is not ready, even if it becomes ready later", async () => {
  let calls = 0;
  for (const connection of ["connecting", "down"] as const) {
    const node = nodeOver(() => calls++, { connection });
    expect(await one(node, take())).toEqual({ kind: "failed", reason: "notReady", message: "not connected" });
  }
  expect(calls).toBe(0);
});

describe("a batch that is too big for one call", () => {
  const calls = async (keys: readonly string[]) => {
    const sent: string[][] = [];
    const node = nodeOver((_, asked) => {
      sent.push([...asked]);
      return grants(asked);
    });
    expect(await run(node, ...keys.map((key) => take(key)))).toEqual(keys.map(() => granted));
    // In order, and nothing twice.
    expect(sent.flat()).toEqual(keys);
    return sent.map(({ length }) => length);
  };

  test("is split into calls of at most 500 commands", async () => {
    const keys = Array.from({ length: 1_001 }, (_, index) => `k${index}`);
    expect(await calls(keys.slice(0, 500))).toEqual([500]);
    expect(await calls(keys.slice(0, 501))).toEqual([500, 1]);
    expect(await calls(keys)).toEqual([500, 500, 1]);
  });

  test("is split if its keys are long; an oversized key is sent alone", async () => {
    const long = (name: string, size: number) => name.padEnd(size, ".");
    expect(await calls(["a", "b", "c", "d", "e"].map((name) => long(name, 100_000)))).toEqual([2, 2, 1]);
    expect(await calls([long("a", 300_000), "b", "c"])).toEqual([1, 2]);
    // The tokens count as well.
    const half = 131_072 - tokenOf("me").length;
    expect(await calls([long("a", half), long("b", half)])).toEqual([2]);
    expect(await calls([long("a", half), long("b", half + 1)])).toEqual([1, 1]);
  });

  test("fails only in the part that failed", async () => {
    const keys = Array.from({ length: 501 }, (_, index) => `k${index}`);
    const node = nodeOver((_, asked) =>
      asked.includes("k500") ? Promise.reject(new Error("ERR no")) : grants(asked),
    );
    const replies = await run(node, ...keys.map((key) => take(key)));
    expect(replies.filter((reply) => reply.kind === "granted").length).toBe(500);
    expect(replies[500]).toEqual({ kind: "failed", reason: "refused", message: "ERR no" });
  });
});

test("each command of a call is answered by its own reply", async () => {
  const node = nodeOver((_, keys) => Promise.resolve(keys.map((key) => (key === "b" ? [-1, "ERR no"] : 1))));
  const refused = { kind: "failed", reason: "refused", message: "ERR no" };
  expect(await run(node, take("a"), take("b"), take("c"))).toEqual([granted, refused, granted]);
  expect(await run(node, take("b"), take("a"))).toEqual([refused, granted]);
});
