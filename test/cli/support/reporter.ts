import { readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { waitUntil } from "../../support/wait-until.js";
import { isGone } from "./processes.js";

const program = fileURLToPath(new URL("../fixtures/reporter.mjs", import.meta.url));

/** Interval in ms between two lines. */
const period = 20;

/** A process that records regularly that it is alive, so that a test can tell when it ended. */
export class Reporter {
  constructor(
    readonly directory: string,
    readonly file: string,
  ) {}

  /** The arguments of a command that starts the process. `stubborn`: the process records SIGTERM without ending. */
  command(stubborn: boolean): string[] {
    return [process.execPath, program, this.file, String(period), ...(stubborn ? ["stubborn"] : [])];
  }

  /** The same as a grandchild of the caller: a shell waits for it. */
  grandchild(stubborn: boolean, shell = ""): string[] {
    const quoted = this.command(stubborn)
      .map((word) => `'${word}'`)
      .join(" ");
    return ["sh", "-c", `${shell} ${quoted} & wait`];
  }

  get #lines(): string[] {
    try {
      return readFileSync(this.file, "utf8").split("\n").filter(Boolean);
    } catch {
      return [];
    }
  }

  #noted(what: string): number[] {
    return this.#lines.flatMap((line) => (line.startsWith(`${what} `) ? [Number(line.split(" ")[1])] : []));
  }

  /** Epoch ms. */
  get lastAlive(): number {
    return Math.max(...this.#noted("alive"));
  }

  /** Epoch ms of each SIGTERM. */
  get terms(): readonly number[] {
    return this.#noted("term");
  }

  get pid(): number {
    return this.#noted("pid")[0] ?? Number.NaN;
  }

  async works(): Promise<void> {
    await waitUntil("the process is alive", 10_000, () => this.#noted("alive").length > 2);
  }

  async isEnded(timeoutMs: number): Promise<void> {
    await waitUntil("the process has ended", timeoutMs, () => isGone(this.pid));
  }

  async remove(): Promise<void> {
    await rm(this.directory, { recursive: true, force: true });
  }
}

export async function createReporter(): Promise<Reporter> {
  const directory = await mkdtemp(join(tmpdir(), "holdfast-reporter-"));
  return new Reporter(directory, join(directory, "reporter.log"));
}
