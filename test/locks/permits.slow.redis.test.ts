import { expect, it } from "vitest";
import { permits, runForPermits } from "./permits-program.js";

it("8 processes share 5 permits evenly over at least 20,000 acquisitions", { timeout: 900_000 }, async () => {
  const { counts, total, most } = await runForPermits(3, { total: 20_000 });
  console.log(
    `8 processes, 5 permits on three servers: ${total} acquisitions, at most ${most} at once; ` +
      `${Math.min(...counts)} to ${Math.max(...counts)} for each process`,
  );
  expect(most).toBeLessThanOrEqual(permits);
  expect(total).toBeGreaterThanOrEqual(20_000);
  const even = total / counts.length;
  for (const count of counts) expect(Math.abs(count - even) / even).toBeLessThan(0.1);
});
