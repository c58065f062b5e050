import { once } from "node:events";
import { mkdtemp, readFile } from "node:fs/promises";
import { createConnection } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type KeptProcess, startKept } from "../support/kept-process.js";
import { waitUntil } from "../support/wait-until.js";
import type { Recorded, RecordedLease, RecordedNote } from "./record.js";
import { endProcess } from "./stop.js";

const PROGRAM = fileURLToPath(new URL("./fixtures/recorder.mjs", import.meta.url));
const START_TIMEOUT_MS = 10_000;
const REPORT_TIMEOUT_MS = 30_000;

/** The process that accepts writes and keeps the record; see fixtures/recorder.mjs. */
export class Recorder {
  private constructor(
    private readonly process: KeptProcess,
    private readonly directory: string,
    readonly path: string,
  ) {}

  static async start(): Promise<Recorder> {
    const directory = await mkdtemp(join(tmpdir(), "holdfast-recorder-"));
    const path = join(directory, "recorder.sock");
    const kept = await startKept({ command: process.execPath, args: [PROGRAM, path], env: {}, directory });
    const recorder = new Recorder(kept, directory, path);
    await waitUntil("the recorder listens", START_TIMEOUT_MS, async () => {
      await recorder.ask({ type: "note", note: { client: "the run" } }, 1_000);
      return true;
    });
    return recorder;
  }

  /** Sends one message over its own connection, and returns the answer. */
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
      const output = await readFile(join(this.directory, "server.log"), "utf8").catch(() => "");
      throw new Error(`The recorder does not answer: ${String(error)}\n${output.slice(-2_000)}`, {
        cause: error,
      });
    } finally {
      socket.destroy();
    }
  }

  /** Returns everything recorded so far. */
  async record(): Promise<Recorded> {
    const file = join(this.directory, "record.ndjson");
    await this.ask({ type: "report", file });
    const leases: RecordedLease[] = [];
    const notes: RecordedNote[] = [];
    for (const line of (await readFile(file, "utf8")).trimEnd().split("\n")) {
      const { lease, note } = JSON.parse(line) as { lease?: RecordedLease; note?: RecordedNote };
      if (lease !== undefined) leases.push(lease);
      if (note !== undefined) notes.push(note);
    }
    return { leases, notes };
  }

  stop(): Promise<void> {
    return endProcess(this.process, this.directory);
  }
}
