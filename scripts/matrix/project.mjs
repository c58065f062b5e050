/** A temporary folder in which the packed package is installed beside other packages. */
import { execFile } from "node:child_process";
import { mkdirSync, readFileSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

/** Timeouts in ms; an installation contacts the registry. */
const installTimeout = 300_000;
const commandTimeout = 240_000;

/** Packs the package as for publishing. Needs a build. */
export async function pack() {
  const folder = await mkdtemp(join(tmpdir(), "holdfast-packed-"));
  const args = ["pack", "--json", "--ignore-scripts", "--pack-destination", folder];
  const [{ filename }] = JSON.parse(await run("npm", args, {}));
  return { tarball: join(folder, filename), remove: () => rm(folder, { recursive: true, force: true }) };
}

/** Resolves with the output, `withErrors` also on stderr. Rejects with the output if the command fails. */
function run(command, args, { timeout = commandTimeout, withErrors = false, ...options }) {
  return new Promise((resolve, reject) => {
    const more = { timeout, maxBuffer: 50_000_000, ...options };
    const child = execFile(command, args, more, (error, stdout, stderr) => {
      if (error === null) return resolve((withErrors ? `${stdout}\n${stderr}` : stdout).trim());
      const why = error.killed ? `not finished after ${timeout} ms` : `exit code ${error.code}`;
      reject(new Error(`${[stdout, stderr].join("\n").trim() || "no output"} (${command}: ${why})`));
    });
    child.stdin.end();
  });
}

export class Project {
  /** `servers`: three of each kind, for the groups that name one; the other groups use the first. */
  constructor(folder, /** The packed package. */ tarball, servers) {
    this.folder = folder;
    this.tarball = tarball;
    this.servers = servers;
    this.redis = `redis://127.0.0.1:${servers[0].ports[0]}`;
  }

  static async create(tarball, servers, { packages = [], install = true, manifest = {} }) {
    const project = new Project(await mkdtemp(join(tmpdir(), "holdfast-project-")), tarball, servers);
    await project.write("package.json", JSON.stringify({ name: "project", private: true, ...manifest }));
    const args = ["install", "--prefer-offline", "--no-audit", "--no-fund", "--ignore-scripts"];
    const all = install ? [tarball, ...packages] : packages;
    if (all.length > 0) await project.run("npm", [...args, ...all], { timeout: installTimeout });
    return project;
  }

  path(name) {
    return join(this.folder, name);
  }

  async write(name, text) {
    mkdirSync(dirname(this.path(name)), { recursive: true });
    await writeFile(this.path(name), text);
  }

  run(command, args, { env = {}, ...options } = {}) {
    const all = { ...process.env, REDIS_URL: this.redis, NO_COLOR: "1", ...env };
    return run(command, args, { cwd: this.folder, env: all, ...options });
  }

  /** Runs a script of the project. */
  node(...args) {
    return this.run(process.execPath, args);
  }

  /** The version of an installed package. */
  version(name) {
    return JSON.parse(readFileSync(this.path(`node_modules/${name}/package.json`), "utf8")).version;
  }

  remove() {
    return rm(this.folder, { recursive: true, force: true });
  }
}
