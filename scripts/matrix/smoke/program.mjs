/**
 * The smoke program of one cell, as an ES module or as CommonJS. `client` gives the source that makes `nodes` of `ports` and
 * `urls`, and `close`. The program prints "ok" and ends by itself.
 */
export const smokeProgram = (take, takeAll, { libraries, make }) => `
${take("holdfast", "createLocks")}
${libraries.map((name, index) => takeAll(name, `library${index}`)).join("\n")}
const { PORTS, URLS = "", PREFIX } = globalThis.process.env;
const ports = PORTS.split(",").map(Number);
const urls = URLS.split(",");
const named = (library, name) => library[name] ?? library.default?.[name] ?? library.default ?? library;
function check(holds, what) {
  if (!holds) throw new Error(what);
}

async function main() {
  ${make}
  // Long, because a busy machine must not fail the program: a lease is renewed after a third of its ttl.
  const options = { nodes, prefix: PREFIX, ttl: 9_000, nodeTimeout: 4_000, wait: 60_000 };
  const locks = createLocks(options);
  const other = createLocks(options);
  const events = [];
  for (const name of ["acquiring", "acquired", "renewed", "released"]) locks.on(name, () => events.push(name));
  await locks.ready({ timeout: 60_000 });

  const renewed = new Promise((resolve) => locks.once("renewed", resolve));
  const lease = await locks.acquire("a", { fence: true });
  check((await other.tryAcquire("a")) === null, "two leases of one lock");
  const next = other.acquire("a", { fence: true });
  await renewed;
  check(lease.remaining() > 0, "no time left after a renewal");
  check((await lease.release()) === "released", "not released");
  const later = await next;
  check(later.fence > lease.fence, "the fence did not grow");
  await later.release();

  check((await locks.using("b", async (held) => (held.assertHeld(), 7))) === 7, "using lost its result");
  const several = await locks.acquire(["{c}1", "{c}2"]);
  check((await other.tryAcquire("{c}2")) === null, "one of several was free");
  await several.release();

  const places = locks.semaphore("{d}", { permits: 2 });
  const permits = [await places.acquire(), await places.acquire()];
  check((await other.semaphore("{d}", { permits: 2 }).tryAcquire()) === null, "three of two permits");
  for (const permit of permits) await permit.release();

  let election;
  const elected = new Promise((resolve) => {
    election = locks.election("e", { fence: true, onElected: (term) => resolve(term.fence) });
  });
  check((await elected) > 0, "a term without a fence");
  check((await other.inspect("e")).holder !== null, "no leader");
  await election.close();

  for (const name of ["acquiring", "acquired", "renewed", "released"]) check(events.includes(name), "no event " + name);
  await locks.close();
  await other.close();
  await close();
  console.log("ok");
}
main().catch((error) => {
  console.log(error);
  globalThis.process.exit(1);
});
`;
