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
  readonly #suite: string | null;
  #listsArePrivate = false;

  /** `signal` ends every command. `suite`: a release of the distribution; default: that of the system. */
  constructor(work: string, signal: AbortSignal, suite: string | null = null) {
    this.#work = work;
    this.#signal = signal;
    this.#suite = suite;
  }

  /** Downloads and unpacks packages of the suite, with all libraries that they need, the C library included. */
  async unpackWithLibraries(names: readonly string[], root: string): Promise<void> {
    await this.#useSuite();
    await this.#updatePrivateLists();
    let wanted = [...names];
    while (wanted.length > 0) {
      const dependencies = await this.unpack(wanted, root);
      const libraries = dependencies.filter((text) => /^(lib|lua)/.test(text)).map(alternativesIn);
      const found = new Set<string>();
      for (const names of libraries) found.add(await this.#firstThatExists(names));
      wanted = [...found].filter((name) => name !== "" && !this.#downloaded.has(name));
    }
  }

  /** Lists only the suite, on the mirror that the system's apt uses. */
  async #useSuite(): Promise<void> {
    const format = ["indextargets", "--format", "$(REPO_URI)", "Created-By: Packages"];
    const { stdout } = await this.#run("apt-get", format);
    const mirror = stdout.split("\n").find((line) => /\/debian\/$/.test(line));
    if (mirror === undefined) throw new Error("the system's apt has no mirror of Debian");
    const keyring = "/usr/share/keyrings/debian-archive-keyring.gpg";
    await writeFile(
      join(this.#work, "sources.list"),
      `deb [signed-by=${keyring}] ${mirror} ${this.#suite} main\n`,
    );
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
      const names = alternativesIn(dependency);
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

  /** Empty if none of the packages can be downloaded: another package provides them. */
  async #firstThatExists(names: readonly string[]): Promise<string> {
    for (const name of names) {
      const { stdout } = await this.#run("apt-cache", [...(await this.#options()), "policy", name]);
      if (/Candidate: (?!\(none\))/.test(stdout)) return name;
    }
    return "";
  }

  /** Runs apt-get. Returns the warnings. */
  async #apt(command: readonly string[], cwd: string): Promise<string> {
    return (await this.#run("apt-get", [...(await this.#options()), ...command], cwd)).stderr;
  }

  async #options(): Promise<string[]> {
    const configuration = join(this.#work, "apt.conf");
    await writeFile(configuration, WITHOUT_HOOKS);
    await mkdir(join(this.#work, "cache/archives/partial"), { recursive: true });
    const options = ["-c", configuration, "-q", "-o", `Dir::Cache=${join(this.#work, "cache")}`];
    if (this.#listsArePrivate) {
      options.push("-o", `Dir::State=${join(this.#work, "state")}`);
      const status = this.#suite === null ? "/var/lib/dpkg/status" : "/dev/null";
      options.push("-o", `Dir::State::status=${status}`);
    }
    if (this.#suite !== null) {
      options.push("-o", `Dir::Etc::sourcelist=${join(this.#work, "sources.list")}`);
      options.push("-o", "Dir::Etc::sourceparts=-", "-o", "Acquire::Languages=none");
    }
    // As root, apt would switch to a user without access to this folder, and print a warning.
    options.push("-o", "APT::Sandbox::User=root", "-o", "Acquire::Retries=2");
    options.push("-o", "Acquire::http::Timeout=20", "-o", "Acquire::https::Timeout=20");
    return options;
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

/** The names in "a (>= 1) | b". */
const alternativesIn = (dependency: string): string[] =>
  dependency.split("|").map((text) => text.trim().replace(/[\s:(].*$/, ""));
