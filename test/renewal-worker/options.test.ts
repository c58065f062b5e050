import { expect, test } from "vitest";
import { createLocks, type LocksOptions, memoryNode } from "../../src/index.js";

const address = "redis://127.0.0.1:1";
const worker = { nodes: [address], renewal: "worker" } as const;
const refused = (options: unknown) => {
  try {
    createLocks(options as LocksOptions);
  } catch (error) {
    return error;
  }
  return null;
};
const url = new URL("file:///srv/clients.js");

test.each([
  ["renewal", { nodes: [address], renewal: "other" }, '"loop" or "worker"'],
  ["renewal", { nodes: [address], renewal: null }, '"loop" or "worker"'],
  ["stallLimit", { nodes: [address], stallLimit: 60_000 }, 'left out: it is for renewal: "worker"'],
  ["stallLimit", { ...worker, stallLimit: 9_999 }, "at least the ttl of 10000 ms"],
  ["stallLimit", { ...worker, stallLimit: "60000" }, "a finite number of ms, at least 1"],
  ["stallLimit", { ...worker, stallLimit: Number.POSITIVE_INFINITY }, "a finite number of ms, at least 1"],
  ["clock", { ...worker, clock: { monotonic() {}, wall() {}, after() {} } }, "left out with renewal"],
  ["nodes[0]", { ...worker, nodes: [memoryNode()] }, "no client can be passed to another thread"],
  ["nodes[1]", { ...worker, nodes: [address, { set() {}, eval() {} }] }, "no client can be passed"],
  ["previous[0]", { ...worker, previous: [memoryNode()] }, "no client can be passed to another thread"],
  [
    "groups.b[0]",
    { renewal: "worker", groups: { a: [address], b: [memoryNode()] } },
    "no client can be passed",
  ],
  ["nodes[0]", { ...worker, nodes: [null] }, "no client can be passed to another thread"],
  ["nodes[0]", { ...worker, nodes: ["http://127.0.0.1"] }, "a redis:// or rediss:// address"],
  ["nodes[0].module", { ...worker, nodes: [{ module: "./clients.js" }] }, "a file: URL"],
  ["nodes[0].module", { ...worker, nodes: [{ module: "https://example.org/a.js" }] }, "a file: URL"],
  ["nodes[0].module", { ...worker, nodes: [{ module: 1 }] }, "a file: URL"],
  ["nodes[0].export", { ...worker, nodes: [{ module: url, export: "" }] }, "the name of an export"],
  ["nodes[0]", { nodes: [{ module: url }] }, 'modules are for the worker of renewal: "worker"'],
])("%s is refused before anything is started: %o", (option, options, allowed) => {
  const error = refused(options);
  expect(error).toMatchObject({ code: "INVALID_OPTION", option });
  expect(String(error)).toContain(allowed);
});

test("the same address or module twice is refused", () => {
  const module = { module: url };
  expect(refused({ ...worker, nodes: [address, address] })).toMatchObject({ code: "DUPLICATE_NODE" });
  expect(refused({ ...worker, nodes: [module, module] })).toMatchObject({ code: "DUPLICATE_NODE" });
});

test("no worker is started before a node is needed", async () => {
  const locks = createLocks({ ...worker, stallLimit: 10_000 });
  await locks.close();
});
