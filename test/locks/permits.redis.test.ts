import { expect, it } from "vitest";
import { sharedServers } from "../support/shared-servers.js";
import { permits, processes, runForPermits } from "./permits-program.js";
import { countKeys } from "./support.js";

it.each([1, 3])(
  "8 processes on %i servers never hold more than 5 permits, and leave nothing",
  { timeout: 300_000 },
  async (servers) => {
    const { counts, most, prefix } = await runForPermits(1_500, servers);
    expect(most).toBe(permits);
    expect(counts.filter((count) => count > 0).length).toBe(processes);
    const keys = await countKeys(sharedServers(), prefix);
    expect(keys).toBe(0);
  },
);
