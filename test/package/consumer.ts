import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

/** Timeout in ms; an installation contacts the registry. */
const installTimeout = 120_000;
const scriptTimeout = 30_000;

/** Packs the package as for publishing. Needs a build. */
export async function pack(into: string): Promise<string> {
  const args = ["pack", "--json", "--ignore-scripts", "--pack-destination", into];
  const { stdout } = await run("npm", args, { timeout: scriptTimeout });
  const [packed] = JSON.parse(stdout) as [{ filename: string }];
  return join(into, packed.filename);
}

/** An empty folder in which only the package is installed. */
export class Consumer {
  private constructor(readonly folder: string) {}

  static async install(): Promise<Consumer> {
    const consumer = new Consumer(await mkdtemp(join(tmpdir(), "holdfast-consumer-")));
    await consumer.write("package.json", JSON.stringify({ name: "consumer", private: true }));
    const tarball = await pack(consumer.folder);
    const args = ["install", tarball, "--prefer-offline", "--no-audit", "--no-fund", "--omit=optional"];
    await run("npm", args, { cwd: consumer.folder, timeout: installTimeout });
    return consumer;
  }

  /** Installs further packages, without running what they bring. */
  async add(packages: Readonly<Record<string, string>>): Promise<void> {
    const wanted = Object.entries(packages).map(([name, version]) => `${name}@${version}`);
    const args = ["install", ...wanted, "--prefer-offline", "--ignore-scripts", "--no-audit", "--no-fund"];
    await run("npm", args, { cwd: this.folder, timeout: installTimeout });
  }

  path(name: string): string {
    return join(this.folder, name);
  }

  write(name: string, text: string): Promise<void> {
    return writeFile(join(this.folder, name), text);
  }

  /** Runs a script and returns its output. */
  async node(name: string, text: string): Promise<string> {
    await this.write(name, text);
    return this.run(process.execPath, [name]);
  }

  /** Runs a program in the folder and returns its output. */
  async run(program: string, args: readonly string[]): Promise<string> {
    const { stdout } = await run(program, args, { cwd: this.folder, timeout: scriptTimeout });
    return stdout.trim();
  }

  /** Compiles with the target and library of Node.js 20. Rejects with the compiler's output. */
  async typecheck(args: readonly string[]): Promise<void> {
    const tsc = createRequire(import.meta.url)
      .resolve("typescript/package.json")
      .replace("package.json", "bin/tsc");
    const base = [tsc, "--noEmit", "--strict", "--target", "es2022", "--lib", "es2022"];
    await run(process.execPath, [...base, ...args], { cwd: this.folder, timeout: scriptTimeout }).catch(
      (error: { stdout?: string }) => {
        throw new Error(error.stdout ?? String(error));
      },
    );
  }

  remove(): Promise<void> {
    return rm(this.folder, { recursive: true, force: true });
  }
}
