/**
 * What must hold under the fake timers of every test runner. A runner's file calls `scenarios` and makes a test of each
 * entry: [name, function]. `tools` has
 *
 *   holdfast, Redlock  the package, as the runner loads it
 *   fake(), restore()  put fake timers in place, and take them away
 *   advance(ms)        lets fake time pass, and the promises between two timers settle
 */
const assert = require("node:assert");

exports.scenarios = ({ holdfast, Redlock, fake, advance, restore }) => {
  const { createLocks, memoryNode } = holdfast;
  // Taken before the timers are fake.
  const { setTimeout, clearTimeout } = globalThis;

  /** Rejects if the promise needs more than promises to settle. */
  const soon = (promise, name = "it") => {
    let late;
    const hung = new Promise((_, reject) => {
      late = setTimeout(() => reject(new Error(`${name} hangs`)), 5_000);
    });
    return Promise.race([promise, hung]).finally(() => clearTimeout(late));
  };
  const nodes = (count = 1) => Array.from({ length: count }, () => memoryNode());
  const faked = (run) => async () => {
    fake();
    try {
      await run();
    } finally {
      restore();
    }
  };

  return Object.entries({
    "memory nodes grant, release and close without any advance": faked(async () => {
      const locks = createLocks({ nodes: nodes(3) });
      const lease = await soon(locks.acquire(["a", "b"]), "acquire");
      assert.strictEqual(await soon(locks.tryAcquire("a"), "tryAcquire"), null);
      assert.strictEqual(await soon(lease.release(), "release"), "released");
      assert.strictEqual(
        await soon(
          locks.using("a", () => 7),
          "using",
        ),
        7,
      );
      assert.strictEqual((await soon(locks.inspect("a"), "inspect")).held, false);
      await soon(locks.close(), "close");
    }),
    "locks made before the timers were fake": async () => {
      const locks = createLocks({ nodes: nodes(3) });
      const early = await locks.acquire("early", { ttl: 1_000, renew: false });
      await faked(async () => {
        const lease = await soon(locks.acquire("a", { ttl: 1_000, renew: false }), "acquire");
        await advance(1_500);
        assert.ok(lease.remaining() <= 0 && early.remaining() <= 0);
        assert.ok(early.signal.aborted && lease.signal.aborted);
      })();
      await soon(locks.close(), "close");
    },
    "a lease expires, is reported lost, and its keys are free": faked(async () => {
      const locks = createLocks({ nodes: nodes(3) });
      let lost = 0;
      const onLost = () => {
        lost += 1;
      };
      const lease = await soon(locks.acquire("a", { ttl: 1_000, renew: false, onLost }), "acquire");
      await advance(500);
      assert.ok(lease.remaining() > 0 && lease.remaining() <= 500, `${lease.remaining()} ms left`);
      await advance(1_000);
      assert.ok(lease.remaining() <= 0, `${lease.remaining()} ms left`);
      assert.ok(lease.signal.aborted, "the signal is aborted");
      assert.strictEqual(lost, 1);
      assert.throws(() => lease.assertHeld());
      const next = await soon(locks.tryAcquire("a"), "tryAcquire");
      assert.ok(next !== null, "the keys are still held");
      await soon(locks.close(), "close");
    }),
    "a lease is renewed": faked(async () => {
      const locks = createLocks({ nodes: nodes() });
      const lease = await soon(locks.acquire("a", { ttl: 1_000 }), "acquire");
      for (let step = 0; step < 50; step++) await advance(100);
      lease.assertHeld();
      assert.ok(lease.remaining() > 200, `${lease.remaining()} ms left`);
      assert.strictEqual(await soon(locks.tryAcquire("a"), "tryAcquire"), null);
      assert.strictEqual(await soon(lease.release(), "release"), "released");
      await soon(locks.close(), "close");
    }),
    "a waiter is served at the release": faked(async () => {
      const locks = createLocks({ nodes: nodes(3) });
      const first = await soon(locks.acquire("a"), "acquire");
      const second = locks.acquire("a");
      await first.release();
      await soon(second, "the waiter");
      await soon(locks.close(), "close");
    }),
    "a waiter of another process is served as time passes": faked(async () => {
      const shared = nodes(3);
      const [one, two] = [createLocks({ nodes: shared }), createLocks({ nodes: shared })];
      await soon(one.acquire("a", { ttl: 1_000, renew: false }), "acquire");
      const second = two.acquire("a");
      for (let step = 0; step < 60; step++) await advance(100);
      await soon(second, "the waiter");
      await soon(Promise.all([one.close(), two.close()]), "close");
    }),
    "waiting ends as time passes": faked(async () => {
      const locks = createLocks({ nodes: nodes() });
      await soon(locks.acquire("a"), "acquire");
      const refused = locks.acquire("a", { wait: 1_000 }).catch((error) => error.code);
      for (let step = 0; step < 15; step++) await advance(100);
      assert.strictEqual(await soon(refused, "the waiter"), "ACQUIRE_TIMEOUT");
      await soon(locks.close(), "close");
    }),
    "waiting and holding end once time was advanced by exactly `wait` and `maxHold`": faked(async () => {
      const locks = createLocks({ nodes: nodes() });
      const lease = await soon(locks.acquire("a", { maxHold: 2_000 }), "acquire");
      const refused = locks.acquire("a", { wait: 1_000 }).catch((error) => error.code);
      await advance(1_000);
      assert.strictEqual(await soon(refused, "the waiter"), "ACQUIRE_TIMEOUT");
      await advance(1_000);
      assert.strictEqual(lease.remaining(), 0);
      assert.ok(lease.signal.aborted, "the signal is aborted");
      await soon(locks.close(), "close");
    }),
    "a node that hangs times out as time passes": faked(async () => {
      const [node, ...others] = nodes(3);
      const locks = createLocks({ nodes: [node, ...others], nodeTimeout: 100 });
      for (const one of [node, others[0]]) one.hang();
      const refused = locks.tryAcquire("a").catch((error) => error.code);
      for (let step = 0; step < 60; step++) await advance(100);
      assert.strictEqual(await soon(refused, "tryAcquire"), "QUORUM_UNAVAILABLE");
      await Promise.all([soon(locks.close({ timeout: 500 }), "close"), advance(1_000)]);
    }),
    "a signal of the runner's globals ends the waiting": faked(async () => {
      const locks = createLocks({ nodes: nodes() });
      await soon(locks.acquire("a"), "acquire");
      const controller = new AbortController();
      const refused = locks.acquire("a", { signal: controller.signal }).catch((error) => error);
      controller.abort(new Error("enough"));
      assert.strictEqual((await soon(refused, "the waiter")).message, "enough");
      await soon(locks.close(), "close");
    }),
    "timers are put back in the middle": async () => {
      fake();
      const locks = createLocks({ nodes: nodes(3) });
      await soon(locks.acquire("held", { ttl: 60_000 }), "acquire");
      const short = await soon(locks.acquire("short", { ttl: 60_000, renew: false }), "acquire");
      await advance(1_000);
      restore();
      const lost = new Promise((resolve) => {
        locks.on("expired", resolve);
      });
      const lease = await soon(locks.acquire("a", { ttl: 150, renew: false }), "acquire");
      await soon(lost, "the loss");
      assert.ok(lease.signal.aborted);
      assert.ok(await soon(locks.tryAcquire("a"), "tryAcquire"));
      await soon(short.release(), "release");
      await soon(locks.close(), "close");
    },
    "timers are fake twice": async () => {
      const locks = createLocks({ nodes: nodes() });
      for (const name of ["a", "b"]) {
        await faked(async () => {
          const lease = await soon(locks.acquire(name, { ttl: 1_000, renew: false }), "acquire");
          await advance(2_000);
          assert.ok(lease.signal.aborted);
        })();
        await soon(
          locks.using("c", () => {}),
          "using",
        );
      }
      await soon(locks.close(), "close");
    },
    "the Redlock class, with promises and with callbacks": faked(async () => {
      const redlock = new Redlock(nodes(3), { retryCount: 0 });
      const lock = await soon(redlock.acquire(["a"], 1_000), "acquire");
      await soon(lock.release(), "release");
      const classic = await soon(
        new Promise((resolve, reject) =>
          redlock.lock("a", 1_000, (error, locked) => (error ? reject(error) : resolve(locked))),
        ),
        "lock",
      );
      await soon(new Promise((resolve) => classic.unlock(resolve)), "unlock");
      const late = await soon(redlock.lock("a", 1_000), "lock");
      await advance(1_500);
      await soon(redlock.lock("a", 1_000), "lock");
      await assert.rejects(soon(late.extend(1_000), "extend"));
    }),
  });
};
