/** The servers of the matrix: three of each kind, from the packages of Debian, with a front for @upstash/redis each. */
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { stopAtExit } from "../../../bench/leftovers.mjs";
import { freePort } from "../../../bench/servers.mjs";
import { typeScriptLoader } from "../../run-typescript.mjs";

const packaged = (kind, suite) => ({
  suite,
  packages: [`${kind}-server`, `${kind}-tools`],
  program: `usr/bin/${kind}-server`,
});

/** Each kind with the release that has it. */
export const kinds = [
  ["Redis 6", packaged("redis", "bullseye")],
  ["Redis 7", packaged("redis", "bookworm")],
  ["Redis 8", packaged("redis", "trixie")],
  ["Valkey 8", packaged("valkey", "trixie")],
  ["Valkey 9", packaged("valkey", "sid")],
];

/** ms for a server to answer. */
const startTimeout = 20_000;

/** Starts three servers of each kind. Resolves to their labels, versions, ports and fronts, and a function that stops all. */
export async function startMatrixServers() {
  const { load, close } = await typeScriptLoader();
  const folder = mkdtempSync(join(tmpdir(), "holdfast-matrix-"));
  const children = [];
  const fronts = [];
  const kill = () => {
    for (const child of children) child.kill("SIGKILL");
    rmSync(folder, { recursive: true, force: true });
  };
  stopAtExit(kill);
  const stop = async () => {
    kill();
    for (const front of fronts) await front.stop();
    await close();
  };
  try {
    const { fetchServer } = await load("/test/support/distribution.ts");
    const { UpstashFront } = await load("/test/support/upstash-front.ts");
    const { callRedis } = await load("/test/support/call-redis.ts");
    const servers = [];
    for (const [label, wanted] of kinds) {
      const { command, env } = await fetchServer(wanted);
      const ports = await Promise.all([0, 1, 2].map(freePort));
      for (const port of ports) {
        const args = ["--port", String(port), "--bind", "127.0.0.1", "--save", "", "--dir", folder];
        children.push(spawn(command, args, { env: { ...process.env, ...env }, stdio: "ignore" }));
      }
      const info = await answered(() => callRedis(ports[0], ["INFO", "server"]));
      for (const port of ports) await answered(() => callRedis(port, ["PING"]));
      const own = await Promise.all(ports.map((port) => UpstashFront.start(port)));
      fronts.push(...own);
      const version = /(?:valkey|redis)_version:(\S+)/.exec(
        String(info).replace(/redis_version:\S+\s+(?=[\s\S]*valkey_version)/, ""),
      )?.[1];
      servers.push({ label, version, ports, urls: own.map(({ url }) => url) });
    }
    return { servers, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function answered(call) {
  for (const started = Date.now(); ; await sleep(50)) {
    try {
      return await call();
    } catch (error) {
      if (Date.now() - started > startTimeout) throw error;
    }
  }
}
