import { readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { waitUntil } from "../../support/wait-until.js";
import { isGone } from "./processes.js";

const program = fileURLToPath(new URL("../fixtures/witness.mjs", import.meta.url));

/** ms between two stamps. */
const period = 20;

/** A process that writes down, again and again, that it lives: it tells when it was really ended. */
export class Witness {
  constructor(
    readonly directory: string,
    readonly file: string,
  ) {}

  /** The words of a command that is, or starts, a witness. `stubborn`: SIGTERM is noted and not obeyed. */
  command(stubborn: boolean): string[] {
    return [process.execPath, program, this.file, String(period), ...(stubborn ? ["stubborn"] : [])];
  }

  /** The same as the grandchild of whoever runs the command: a shell waits for it. */
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

  /** Epoch ms at which SIGTERM came, once for each. */
  get terms(): readonly number[] {
    return this.#noted("term");
  }

  get pid(): number {
    return this.#noted("pid")[0] ?? Number.NaN;
  }

  async works(): Promise<void> {
    await waitUntil("the witness works", 10_000, () => this.#noted("alive").length > 2);
  }

  async isEnded(timeoutMs: number): Promise<void> {
    await waitUntil("the witness is ended", timeoutMs, () => isGone(this.pid));
  }

  async remove(): Promise<void> {
    await rm(this.directory, { recursive: true, force: true });
  }
}

export async function createWitness(): Promise<Witness> {
  const directory = await mkdtemp(join(tmpdir(), "holdfast-witness-"));
  return new Witness(directory, join(directory, "witness.log"));
}
