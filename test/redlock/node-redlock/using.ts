import { setTimeout as sleep } from "node:timers/promises";
import { waitUntil } from "../../support/servers.js";
import type { Case } from "../compare.js";
import { calmly, count, drop, gone, left, occupy, read } from "../v4-support.js";
import { type Face, long, near, only, three } from "./face.js";

export const using: Case<Face>[] = [
  {
    name: "using: locked during the routine, then released, and the result is the routine's",
    async run(scene) {
      const { redlock, servers, key } = await three(scene);
      const result = await redlock.using(key, 5_000, async (lock) => {
        const mine = (await read(servers, key)).map((value) => value === lock.value);
        return [scene.plain(lock.resource), Object.keys(lock).sort(), lock.ttl > Date.now(), mine];
      });
      return { result, after: await count(servers, key) };
    },
  },
  {
    name: "using: what the routine throws comes through, and it is released",
    async run(scene) {
      const { redlock, servers, key } = await three(scene);
      const later = redlock.using(key, 5_000, () => Promise.reject(new TypeError("later")));
      const outcomes = [await scene.outcome(later)];
      const atOnce = redlock.using(key, 5_000, () => {
        throw new TypeError("at once");
      });
      outcomes.push(await scene.outcome(atOnce));
      return { outcomes, after: await count(servers, key) };
    },
  },
  {
    name: "using: not acquired",
    async run(scene) {
      const { redlock, servers, key } = await three(scene);
      await occupy(servers, key);
      let called = false;
      const used = redlock.using(key, 5_000, () => {
        called = true;
      });
      return { used: await scene.outcome(used), called };
    },
  },
  {
    name: "using: released by the routine already",
    async run(scene) {
      const { redlock, servers, key, heard } = await three(scene);
      const used = redlock.using(key, 5_000, async (lock) => {
        await redlock.releaseLock(key, lock.value);
        return "the routine's";
      });
      const outcome = await scene.outcome(used, (value) => value);
      return { outcome, after: await count(servers, key), heard };
    },
  },
  {
    name: "using: renewed by the routine",
    async run(scene) {
      const { redlock, servers, key } = await three(scene);
      const during = await redlock.using(key, 1_000, async (lock) => {
        const renewed = await redlock.renewLock(key, lock.value, 5_000);
        return { renewed, longer: (await left(servers, key)).map(near(5_000)) };
      });
      return { during, after: await count(servers, key) };
    },
  },
  {
    name: "using: one within another",
    async run(scene) {
      const { redlock, servers } = await three(scene);
      const keys = [scene.key("a"), scene.key("b")] as const;
      const counts = () => Promise.all(keys.map((key) => count(servers, key)));
      const during = await redlock.using(keys[0], 5_000, () => redlock.using(keys[1], 5_000, counts));
      return { during, after: await counts() };
    },
  },
  {
    name: "using: a resource within itself",
    async run(scene) {
      const { redlock, key } = await three(scene);
      const used = redlock.using(key, 5_000, () => redlock.using(key, 5_000, () => "ran"));
      return scene.outcome(used);
    },
  },
  {
    name: "using: after the routine has failed, the resource is free",
    async run(scene) {
      const { redlock, key } = await three(scene);
      await scene.outcome(redlock.using(key, long, () => Promise.reject(new Error("failed"))));
      return redlock.using(key, long, () => "the routine's");
    },
  },
  {
    name: "using: waits its turn",
    async run(scene) {
      const { redlock, key } = await three(scene, 500, 5);
      let [inside, most, total] = [0, 0, 0];
      const visit = () =>
        redlock.using(key, 5_000, async () => {
          inside += 1;
          most = Math.max(most, inside);
          const seen = total;
          await sleep(1);
          total = seen + 1;
          inside -= 1;
        });
      await Promise.all(Array.from({ length: 10 }, visit));
      return { most, total };
    },
  },
  {
    name: "using without autoExtend: the lock ends with its ttl, the routine does not",
    async run(scene) {
      const { redlock, servers, key, heard } = await three(scene);
      const used = redlock.using(key, 100, async () => {
        await gone(servers, key);
        return "the routine's";
      });
      return { used: await scene.outcome(used, (value) => value), renewed: only(heard, "renewed") };
    },
  },
  {
    name: "using with autoExtend: held for as long as the routine runs, and no longer",
    async run(scene) {
      const { redlock, servers, key, heard } = await three(scene);
      const renewals = () => only(heard, "renewed").length;
      const during = await redlock.using(
        key,
        300,
        async () => {
          await waitUntil("it was renewed twice", 5_000, () => renewals() >= 2);
          return count(servers, key);
        },
        { autoExtend: true },
      );
      const then = renewals();
      await sleep(350);
      return { during, after: await count(servers, key), still: renewals() === then, event: heard[1] };
    },
  },
  {
    name: "using with autoExtend: the loss of the lock is an error event, and the result is kept",
    async run(scene) {
      const { redlock, servers, key, heard } = await three(scene);
      const result = await redlock.using(
        key,
        300,
        async () => {
          await drop(servers, key);
          await waitUntil("it was told", 5_000, () => only(heard, "error").length > 0);
          return "the routine's";
        },
        { autoExtend: true },
      );
      return { result, errors: only(heard, "error") };
    },
  },
  {
    name: "using with autoExtend: a loss that nobody listens for",
    async run(scene) {
      const servers = await scene.clients(3);
      const clients = servers.map((server) => new scene.face.IoredisClient(server));
      const redlock = new scene.face.Redlock(clients);
      const strays = await calmly(async () => {
        await redlock.using(
          scene.key(),
          200,
          async () => {
            await drop(servers, scene.key());
            await sleep(250);
          },
          { autoExtend: true },
        );
      });
      return strays.map((message) => scene.plain(message));
    },
    differs: {
      original: ["Failed to auto-extend lock for resource: a"],
      ours: [],
      why: "The error event needs no listener: in the original a failed automatic extension without one ended the process.",
    },
  },
  {
    name: "using: what the routine is given",
    async run(scene) {
      const { redlock, key } = await three(scene);
      return redlock.using(key, 1_000, (_, ...rest) =>
        rest.map((given) => (given as { aborted: unknown }).aborted),
      );
    },
    differs: {
      original: [],
      ours: [false],
      why: "The routine of using gets an AbortSignal as its second argument, which is aborted when the lock is lost.",
    },
  },
];
