import { expect, it } from "vitest";
import { sharedServers } from "../support/shared-servers.js";
import { permits, processes, runForPermits } from "./permits-program.js";
import { countKeys } from "./support.js";

/** How often each process acquires a permit. */
const times = 40;

it.each([1, 3])(
  "8 processes on %i servers never hold more than 5 permits, and leave nothing",
  { timeout: 300_000 },
  async (servers) => {
    const { counts, most, prefix } = await runForPermits(servers, { times });
    expect(most).toBeLessThanOrEqual(permits);
    expect(counts).toEqual(Array(processes).fill(times));
    const keys = await countKeys(sharedServers(), prefix);
    expect(keys).toBe(0);
  },
);
