import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

interface Output {
  readonly stdout: string;
  readonly stderr: string;
}

/** Disables the system's hooks, one of which empties the package cache. */
const WITHOUT_HOOKS = ["Pre-Invoke", "Post-Invoke", "Post-Invoke-Success"]
  .map((hook) => `#clear APT::Update::${hook};\n`)
  .join("");

/** Runs apt-get and dpkg with all their output in one private folder. */
export class Apt {
  readonly #work: string;
  readonly #signal: AbortSignal;
  readonly #downloaded = new Set<string>();
  #listsArePrivate = false;

  /** `signal` ends every command. */
  constructor(work: string, signal: AbortSignal) {
    this.#work = work;
    this.#signal = signal;
  }

  /** Downloads and unpacks packages. Returns their declared dependencies. */
  async unpack(names: readonly string[], root: string): Promise<string[]> {
    const archives = await this.#download(names);
    const dependencies: string[] = [];
    for (const archive of archives) {
      await this.#run("dpkg", ["-x", archive, root]);
      const fields = await this.#run("dpkg-deb", ["-f", archive, "Pre-Depends", "Depends"]);
      dependencies.push(...fields.stdout.replace(/^(Pre-)?Depends:/gm, "").split(/[,\n]/));
    }
    return dependencies.map((dependency) => dependency.trim()).filter(Boolean);
  }

  /** Returns the libraries of "a (>= 1) | b, c" for which the system has no alternative installed. */
  async missingLibraries(dependencies: readonly string[]): Promise<string[]> {
    const missing: string[] = [];
    for (const dependency of dependencies.filter((text) => /^(lib|lua)/.test(text))) {
      const names = dependency.split("|").map((text) => text.trim().replace(/[\s:(].*$/, ""));
      const states = await Promise.all(names.map((name) => this.#isInstalled(name)));
      const first = names[0];
      if (first && !states.includes(true) && !this.#downloaded.has(first)) missing.push(first);
    }
    return missing;
  }

  async #download(names: readonly string[]): Promise<string[]> {
    for (const name of names) this.#downloaded.add(name);
    const folder = await mkdtemp(join(this.#work, "archives-"));
    try {
      await this.#apt(["download", ...names], folder);
    } catch (error) {
      // Without apt-get there are no package lists.
      if (this.#listsArePrivate || String(error).includes("ENOENT")) throw error;
      const complaints = await this.#updatePrivateLists();
      await this.#apt(["download", ...names], folder).catch((cause: Error) => {
        throw new Error(`${cause.message}\n${complaints}`.trim(), { cause });
      });
    }
    return (await readdir(folder)).filter((name) => name.endsWith(".deb")).map((name) => join(folder, name));
  }

  /** Updates the package lists. Returns the warnings of apt. */
  async #updatePrivateLists(): Promise<string> {
    this.#listsArePrivate = true;
    await mkdir(join(this.#work, "state/lists/partial"), { recursive: true });
    // A single unreachable source fails the whole update; the download shows whether that source was needed.
    return this.#apt(["update"], this.#work).catch((error: Error) => error.message);
  }

  /** Runs apt-get. Returns the warnings. */
  async #apt(command: readonly string[], cwd: string): Promise<string> {
    const configuration = join(this.#work, "apt.conf");
    await writeFile(configuration, WITHOUT_HOOKS);
    await mkdir(join(this.#work, "cache/archives/partial"), { recursive: true });
    const options = ["-c", configuration, "-q", "-o", `Dir::Cache=${join(this.#work, "cache")}`];
    if (this.#listsArePrivate) {
      options.push("-o", `Dir::State=${join(this.#work, "state")}`);
      options.push("-o", "Dir::State::status=/var/lib/dpkg/status");
    }
    // As root, apt would switch to a user without access to this folder, and print a warning.
    options.push("-o", "APT::Sandbox::User=root", "-o", "Acquire::Retries=2");
    options.push("-o", "Acquire::http::Timeout=20", "-o", "Acquire::https::Timeout=20");
    return (await this.#run("apt-get", [...options, ...command], cwd)).stderr;
  }

  async #isInstalled(name: string): Promise<boolean> {
    // dpkg fails for an unknown package.
    const status = await this.#run("dpkg", ["-s", name]).catch(() => undefined);
    return status !== undefined && /^Status: .* installed$/m.test(status.stdout);
  }

  async #run(command: string, args: readonly string[], cwd = this.#work): Promise<Output> {
    const env = { ...process.env, LC_ALL: "C", DEBIAN_FRONTEND: "noninteractive" };
    try {
      return await run(command, args, { cwd, env, signal: this.#signal, killSignal: "SIGKILL" });
    } catch (cause) {
      const { stderr, message } = cause as Error & Partial<Output>;
      throw new Error(`${command}: ${stderr?.trim() || message}`, { cause });
    }
  }
}
