import { afterEach, describe, expect, test } from "vitest";
import {
  acquire,
  granted,
  one,
  openReady,
  reachesConnection,
  run,
  runIdOf,
  tokenOf,
  uniqueKey,
} from "../contract/subject.js";
import { waitUntil } from "../support/wait-until.js";
import { everyClient, withNode } from "./every-client.js";
import { type StubAnswer, type StubServer, startStub } from "./stub-server.js";

let stub: StubServer;
afterEach(() => stub.close());

const take = () => acquire(uniqueKey(), tokenOf("me"));
const failed = (reason: string, message: RegExp) => ({
  kind: "failed",
  reason,
  message: expect.stringMatching(message),
});

const libraries = everyClient(() => stub.port);
const noScript = "-NOSCRIPT No matching script. Please use EVAL.\r\n";
const grant = "*1\r\n:1\r\n";

describe.each(libraries)("%s shows in the vote", (_, open) => {
  test.each([
    ["LOADING", "-LOADING Redis is loading the dataset in memory\r\n", /^LOADING Redis is loading/],
    ["TRYAGAIN", "-TRYAGAIN Multiple keys request during rehashing of slot\r\n", /^TRYAGAIN/],
    ["MOVED, of a Cluster it knows nothing of", "-MOVED 1 127.0.0.1:1\r\n", /^MOVED 1/],
    ["ASK, of a Cluster it knows nothing of", "-ASK 1 127.0.0.1:1\r\n", /^ASK 1/],
    ["an error of a server yet to be written", "-STRANGE things happen\r\n", /^STRANGE things happen$/],
    ["an error without a code", "-oops\r\n", /oops/],
    ["a NOSCRIPT that goes on", noScript, /^NOSCRIPT/],
  ])("the server's refusal: %s", async (_name, answer, message) => {
    stub = await startStub(answer);
    await withNode(open, async (node) => {
      const reply = await one(node, take());
      expect(reply).toMatchObject({ kind: "failed", message: expect.stringMatching(message) });
    });
  });

  test.each<[string, string]>([
    ["a status", "+OK\r\n"],
    ["the status of a transaction", "+QUEUED\r\n"],
    ["a number", ":1\r\n"],
    ["nothing", "$-1\r\n"],
    ["a null array", "*-1\r\n"],
    ["an empty array", "*0\r\n"],
    ["text", "$5\r\nhello\r\n"],
    ["too many answers", "*2\r\n:1\r\n:1\r\n"],
    ["an answer that is no status", "*1\r\n:7\r\n"],
    ["a grant without its fence", "*1\r\n*1\r\n:1\r\n"],
    ["an empty answer", "*1\r\n*0\r\n"],
    ["an unknown status", "*1\r\n*1\r\n:7\r\n"],
    ["a status that is no number", "*1\r\n*1\r\n$3\r\nyes\r\n"],
    ["a null status", "*1\r\n*1\r\n$-1\r\n"],
    ["an unrequested report", "*1\r\n*5\r\n:2\r\n:5\r\n$0\r\n\r\n$0\r\n\r\n$6\r\nstring\r\n"],
    ["a denial without a holder", "*1\r\n*1\r\n:0\r\n"],
    [
      "a denial for a key that was not requested",
      "*1\r\n*6\r\n:0\r\n:2\r\n:5\r\n$0\r\n\r\n$0\r\n\r\n$6\r\nstring\r\n",
    ],
    ["a denial without a ttl", "*1\r\n*6\r\n:0\r\n:1\r\n$-1\r\n$0\r\n\r\n$0\r\n\r\n$6\r\nstring\r\n"],
  ])("garbage: %s", async (_name, answer) => {
    stub = await startStub(answer);
    await withNode(open, async (node) => {
      expect(await one(node, take())).toEqual(failed("garbage", /^unexpected reply: /));
    });
  });

  test("garbage without repeating its text, which may be a secret", async () => {
    stub = await startStub("$12\r\nhunter2hunte\r\n");
    await withNode(open, async (node) => {
      const reply = await one(node, take());
      expect(reply).toEqual(failed("garbage", /a string of 12 characters/));
    });
  });

  test("one command's failure beside the grants of the others", async () => {
    stub = await startStub("*3\r\n:1\r\n*2\r\n:-1\r\n$11\r\nOOM is full\r\n:1\r\n");
    await withNode(open, async (node) => {
      const replies = await run(node, take(), take(), take());
      expect(replies).toEqual([granted, failed("refused", /^OOM is full$/), granted]);
    });
  });

  test.each<[string, StubAnswer]>([
    ["before the reply", { thenClose: "" }],
    ["in the middle of the reply", { thenClose: "*1\r\n*1" }],
  ])("that the connection was closed %s", async (_name, answer) => {
    stub = await startStub(answer);
    await withNode(open, async (node) => {
      const down = reachesConnection(node, "down");
      expect(await one(node, take())).toEqual(failed("connection", /connection lost|closed/i));
      await down;
    });
  });

  test("a reply that is not RESP", async () => {
    stub = await startStub("HTTP/1.1 400 Bad Request\r\n\r\n");
    const { node, end } = await openReady(open);
    const stop = node.watch(() => {});
    const reply = one(node, take());
    // Some decoders skip unknown data and keep waiting: then the call ends with the connection.
    await waitUntil("the stub answered", 2_000, () => stub.calls.length > 0);
    await end();
    expect(await reply).toMatchObject({ kind: "failed" });
    stop();
  });

  test("a split of a refused batch: each command is sent once more, in order", async () => {
    const tooBig = "-ERR Protocol error: too big mbulk count string\r\n";
    stub = await startStub(tooBig, grant, "-ERR no\r\n", grant);
    await withNode(open, async (node) => {
      expect(await run(node, take(), take(), take())).toEqual([
        granted,
        failed("refused", /^ERR no$/),
        granted,
      ]);
      // The script is sent whole until a call with it succeeded.
      expect(stub.calls).toEqual(["EVAL", "EVAL", "EVALSHA", "EVALSHA"]);
    });
  });

  test("a server that loses its scripts between the parts of a split", async () => {
    stub = await startStub("-NOPERM no keys for you\r\n", grant, noScript, grant);
    await withNode(open, async (node) => {
      expect(await run(node, take(), take())).toEqual([granted, granted]);
      expect(stub.calls).toEqual(["EVAL", "EVAL", "EVALSHA", "EVAL"]);
    });
  });

  test("a failed identification", async () => {
    stub = await startStub(
      "-LOADING Redis is loading the dataset in memory\r\n",
      "*1\r\n$0\r\n\r\n",
      "*1\r\n$6\r\nabcdef\r\n",
      "$-1\r\n",
    );
    await withNode(open, async (node) => {
      await expect(runIdOf(node)).rejects.toThrow(/LOADING/);
      expect(await runIdOf(node)).toBeNull();
      expect(await runIdOf(node)).toBe("abcdef");
      await expect(runIdOf(node)).rejects.toThrow("unexpected reply: null");
    });
  });
});
