import { existsSync, readFileSync } from "node:fs";
import { availableParallelism, cpus, release, totalmem, type } from "node:os";
import { controlOf } from "../control.mjs";
import { locate, manifest, root } from "../packages.mjs";
import { startServers } from "../servers.mjs";

function system() {
  const found =
    existsSync("/etc/os-release") &&
    /^PRETTY_NAME="?([^"\n]+)/m.exec(readFileSync("/etc/os-release", "utf8"));
  return found ? found[1] : `${type()} ${release()}`;
}

async function redisVersion() {
  const { ports, stop } = await startServers(1);
  const control = controlOf(ports);
  const version = await control.version();
  control.close();
  stop();
  return version;
}

const versionOf = (name) => manifest(locate(name)).version.replace(/^v/, "");

/** Describes the machine and the versions of the software. */
export async function environment(run) {
  const names = ["xstate", "ioredis", "redis", "redlock-5", "redis-semaphore", "redlock-universal"];
  return {
    ...run,
    date: new Date().toISOString().slice(0, 10),
    cpu: cpus()[0].model.trim(),
    cores: availableParallelism(),
    memory: totalmem(),
    system: system(),
    node: process.versions.node,
    redis: await redisVersion(),
    packages: {
      holdfast: manifest(root).version,
      ...Object.fromEntries(names.map((name) => [name.replace("redlock-5", "redlock"), versionOf(name)])),
    },
  };
}

export function environmentReport({
  date,
  cpu,
  cores,
  memory,
  system,
  node,
  redis,
  packages,
  seconds,
  quick,
  before,
}) {
  const versions = Object.entries(packages).map(([name, version]) => `${name} ${version}`);
  const other = before ? ` "holdfast, before" is ${before.version}, built at ${before.built} UTC.` : "";
  return [
    `Measured on ${date} in ${Math.round(seconds / 60)} minutes${quick ? " (**a quick run: noisy**)" : ""}: ${cpu}, ${counted(cores)}, ${Math.round(memory / 2 ** 30)} GiB, ${system}; Node ${node}; Redis ${redis} without persistence, on loopback. ${versions.join(", ")}.${other} Medians of the rounds, in brackets their range.`,
  ];
}

const counted = (cores) => `${cores} core${cores === 1 ? "" : "s"}`;
