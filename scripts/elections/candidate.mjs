// A candidate of the election that scripts/elections.mjs measures. Arguments: the ttl, then the addresses of the servers. Tells the
// parent process when it campaigns, is elected and is deposed; resigns when told to.
import { createLocks } from "../../dist/esm/index.js";

const [ttl, ...nodes] = process.argv.slice(2);
const now = () => Number(process.hrtime.bigint()) / 1e6;
const locks = createLocks({ nodes, nodeTimeout: 1_000 });
await locks.ready({ timeout: 30_000 });
const election = locks.election("scheduler", {
  ttl: Number(ttl),
  onDeposed: () => process.send?.({ deposed: true }),
  onElected: (term) => {
    process.send?.({ elected: now() });
    return new Promise((resolve) => term.signal.addEventListener("abort", () => resolve()));
  },
});
election.on("failed", () => {});
process.on("message", () => void election.resign());
process.on("disconnect", () => process.exit());
process.send?.({ campaigns: true });
