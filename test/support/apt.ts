import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

interface Output {
  readonly stdout: string;
  readonly stderr: string;
}

/** Hooks belong to the system (one of them empties its package cache): a private update runs none. */
const WITHOUT_HOOKS = ["Pre-Invoke", "Post-Invoke", "Post-Invoke-Success"]
  .map((hook) => `#clear APT::Update::${hook};\n`)
  .join("");

/** apt-get and dpkg, with everything they write kept in one private folder. */
export class Apt {
  readonly #work: string;
  readonly #signal: AbortSignal;
  readonly #downloaded = new Set<string>();
  #listsArePrivate = false;

  /** `signal` bounds everything that is run. */
  constructor(work: string, signal: AbortSignal) {
    this.#work = work;
    this.#signal = signal;
  }

  /** Downloads and unpacks packages; answers with the dependencies they declare. */
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

  /** Of "a (>= 1) | b, c" the libraries of which the system has no alternative installed. */
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
      // Without apt-get there are no lists either.
      if (this.#listsArePrivate || String(error).includes("ENOENT")) throw error;
      const complaints = await this.#updatePrivateLists();
      await this.#apt(["download", ...names], folder).catch((cause: Error) => {
        throw new Error(`${cause.message}\n${complaints}`.trim(), { cause });
      });
    }
    return (await readdir(folder)).filter((name) => name.endsWith(".deb")).map((name) => join(folder, name));
  }

  /** Answers with what apt complained about. */
  async #updatePrivateLists(): Promise<string> {
    this.#listsArePrivate = true;
    await mkdir(join(this.#work, "state/lists/partial"), { recursive: true });
    // One unreachable source among many fails the update as a whole: whether it mattered, the download tells.
    return this.#apt(["update"], this.#work).catch((error: Error) => error.message);
  }

  /** Answers with the warnings. */
  async #apt(command: readonly string[], cwd: string): Promise<string> {
    const configuration = join(this.#work, "apt.conf");
    await writeFile(configuration, WITHOUT_HOOKS);
    await mkdir(join(this.#work, "cache/archives/partial"), { recursive: true });
    const options = ["-c", configuration, "-q", "-o", `Dir::Cache=${join(this.#work, "cache")}`];
    if (this.#listsArePrivate) {
      options.push("-o", `Dir::State=${join(this.#work, "state")}`);
      options.push("-o", "Dir::State::status=/var/lib/dpkg/status");
    }
    // As root, apt would drop to a user who can't enter this folder, and warn.
    options.push("-o", "APT::Sandbox::User=root", "-o", "Acquire::Retries=2");
    options.push("-o", "Acquire::http::Timeout=20", "-o", "Acquire::https::Timeout=20");
    return (await this.#run("apt-get", [...options, ...command], cwd)).stderr;
  }

  async #isInstalled(name: string): Promise<boolean> {
    // An unknown package is an error to dpkg.
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
