import { expect } from "vitest";
import { callRedis } from "../support/servers.js";
import { sharedServers } from "../support/shared-servers.js";
import { runFixture } from "./child.js";
import { uniqueName } from "./support.js";

const processes = 8;
const shareOfWriters = "0.3";

/** Lets 8 processes read and write so many times each. A witness, which no lock protects, counts who is inside. */
export async function readAndWrite(times: number): Promise<void> {
  const servers = sharedServers().slice(0, 3);
  const prefix = uniqueName();
  const ports = servers.map(({ port }) => String(port));
  const children = Array.from({ length: processes }, (_, seed) =>
    runFixture("readers-writers", [prefix, shareOfWriters, String(times), "0", String(seed), ...ports]),
  );
  for (const child of children) expect(await child.ended).toMatchObject({ code: 0, stderr: "" });
  const seen = (field: string) => callRedis(Number(ports[0]), ["HGET", `${prefix}witness`, field]);
  expect(await seen("violations")).toBeNull();
  // Readers were inside together.
  expect(await seen("together")).toBe("1");
}
