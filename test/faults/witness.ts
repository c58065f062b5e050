import { once } from "node:events";
import { mkdtemp, readFile } from "node:fs/promises";
import { createConnection } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type KeptProcess, startKept } from "../support/kept-process.js";
import { waitUntil } from "../support/wait-until.js";
import type { Witnessed, WitnessedLease, WitnessedNote } from "./record.js";
import { endKept } from "./stop.js";

const PROGRAM = fileURLToPath(new URL("./fixtures/witness.mjs", import.meta.url));
const START_TIMEOUT_MS = 10_000;
const REPORT_TIMEOUT_MS = 30_000;

/** The process that takes writes and keeps the record; see fixtures/witness.mjs. */
export class Witness {
  private constructor(
    private readonly process: KeptProcess,
    private readonly directory: string,
    readonly path: string,
  ) {}

  static async start(): Promise<Witness> {
    const directory = await mkdtemp(join(tmpdir(), "holdfast-witness-"));
    const path = join(directory, "witness.sock");
    const kept = await startKept({ command: process.execPath, args: [PROGRAM, path], env: {}, directory });
    const witness = new Witness(kept, directory, path);
    await waitUntil("the witness listens", START_TIMEOUT_MS, async () => {
      await witness.ask({ type: "note", note: { client: "the run" } }, 1_000);
      return true;
    });
    return witness;
  }

  /** One message over a connection of its own, and the answer. */
  async ask(message: object, timeoutMs = REPORT_TIMEOUT_MS): Promise<Record<string, unknown>> {
    const socket = createConnection(this.path);
    const signal = AbortSignal.timeout(timeoutMs);
    try {
      await once(socket, "connect", { signal });
      const answer = once(socket, "data", { signal });
      socket.write(`${JSON.stringify({ ...message, n: 1 })}\n`);
      const [piece] = await answer;
      return JSON.parse(String(piece));
    } catch (error) {
      const said = await readFile(join(this.directory, "server.log"), "utf8").catch(() => "");
      throw new Error(`The witness does not answer: ${String(error)}\n${said.slice(-2_000)}`, {
        cause: error,
      });
    } finally {
      socket.destroy();
    }
  }

  /** All that it has seen so far. */
  async record(): Promise<Witnessed> {
    const file = join(this.directory, "record.ndjson");
    await this.ask({ type: "report", file });
    const leases: WitnessedLease[] = [];
    const notes: WitnessedNote[] = [];
    for (const line of (await readFile(file, "utf8")).trimEnd().split("\n")) {
      const { lease, note } = JSON.parse(line) as { lease?: WitnessedLease; note?: WitnessedNote };
      if (lease !== undefined) leases.push(lease);
      if (note !== undefined) notes.push(note);
    }
    return { leases, notes };
  }

  stop(): Promise<void> {
    return endKept(this.process, this.directory);
  }
}
