// Acquire, renew and release from CommonJS. Errors are distinguished by their code.
const { createLocks, isHoldfastError } = require("holdfast");

const nodes = (
  process.env.REDIS_URLS ?? "redis://127.0.0.1:6379 redis://127.0.0.1:6380 redis://127.0.0.1:6381"
).split(" ");
const resource = process.env.RESOURCE ?? "locks:example";

// Holdfast opens connections to addresses itself, and close() closes them.
const locks = createLocks({ nodes, owner: "example" });
locks.on("acquired", ({ resources }) => console.log(`  acquired: ${resources}`));
locks.on("renewed", ({ resources }) => console.log(`  renewed: ${resources}`));
locks.on("released", ({ resources }) => console.log(`  released: ${resources}`));
locks.on("failed", ({ resources }) => console.log(`  failed: ${resources}`));
locks.on("nodeDown", ({ node, cause }) => console.error(`  ${node} is down: ${cause}`));

async function main() {
  const lease = await locks.acquire(resource, { ttl: 5_000 });
  try {
    await waitForIt();
    await lease.renew(10_000);
    console.log(`${lease.remaining() > 5_000 ? "more" : "less"} than 5 seconds left`);
  } finally {
    // Never rejects, so it cannot hide an error of the work above.
    console.log(`release: ${await lease.release()}`);
  }
}

/** Another caller, which waits for at most 300 ms. */
async function waitForIt() {
  try {
    await locks.acquire(resource, { wait: 300 });
  } catch (error) {
    if (!isHoldfastError(error, "ACQUIRE_TIMEOUT")) throw error;
    console.log(`${error.name}, because:\n  ${error.cause}`);
  }
}

main()
  .finally(() => locks.close())
  .catch((error) => {
    console.error(error);
    process.exitCode = 1;
  });
