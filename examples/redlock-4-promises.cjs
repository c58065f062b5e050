// A program for redlock 4, with promises. Only the first line is new.
const Redlock = require("holdfast/redlock");
const { Redis } = require("ioredis");

const urls = (
  process.env.REDIS_URLS ?? "redis://127.0.0.1:6379 redis://127.0.0.1:6380 redis://127.0.0.1:6381"
).split(" ");
const resource = process.env.RESOURCE ?? "locks:example";

const redlock = new Redlock(
  urls.map((url) => new Redis(url)),
  { retryCount: 2, retryDelay: 100, retryJitter: 50 },
);

// Emitted once per failing server. A lock that another caller holds is not a failure.
redlock.on("clientError", (error) => console.error("clientError:", error.message));

redlock
  .lock(resource, 2_000)
  .then((lock) => {
    console.log("locked");

    return redlock
      .lock(resource, 2_000)
      .then(
        () => console.log("locked twice"),
        (error) => {
          if (!(error instanceof Redlock.LockError)) throw error;
          console.log(`${error.name}: ${error.message}`);
        },
      )
      .then(() => lock.extend(5_000))
      .then((extended) => {
        console.log(`extended, ${extended === lock ? "the same" : "another"} lock`);
        return extended.unlock();
      })
      .then(() => console.log("unlocked"));
  })
  .catch((error) => {
    console.error(error);
    process.exitCode = 1;
  })
  .then(() => redlock.quit());
