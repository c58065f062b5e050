import { systemReason } from "../inspector/recording/recording-error.js";
import { clip } from "../support/redaction.js";
import { CommandError, exitCode } from "./exit.js";
import { redact } from "./redact.js";

/** Writes output. Every line is redacted, whatever its source. */
export interface Output {
  /** For people, on stdout. */
  print(line: string): void;
  /** For people, on stderr: `holdfast: ...`. */
  error(message: string): void;
  /** Writes one line of JSON to the stream. */
  json(value: unknown, stream?: "stdout" | "stderr"): void;
  /**
   * Writes a document to stdout unchanged, so it must not contain foreign text. Resolves when the document is
   * written.
   */
  document(content: string | Uint8Array): Promise<void>;
  /** Writes an error's stack, only with HOLDFAST_DEBUG. */
  trace(error: unknown): void;
}

export const output: Output = {
  print: (line) => write(process.stdout, redact(line)),
  // Redacted before being clipped: half a password would not be found.
  error: (message) => write(process.stderr, clip(redact(`holdfast: ${oneLine(message)}`), maxLineLength)),
  json: (value, stream = "stderr") => write(process[stream], JSON.stringify(value, redacted)),
  // The stream's "error" event reports a reader that has gone, see below.
  document: (content) => new Promise((resolve) => process.stdout.write(content, () => resolve())),
  trace(error) {
    if (process.env.HOLDFAST_DEBUG && error instanceof Error)
      write(process.stderr, redact(error.stack ?? error.message));
  },
};

/** Foreign text may be of any length and contain terminal commands. */
const maxLineLength = 4_000;

const oneLine = (text: string) =>
  text
    .split(/\p{Cc}+/u)
    .map((part) => part.trim())
    .filter(Boolean)
    .join(" ");

/** Each string is redacted before it is serialised: in JSON a password with a quote in it looks different. */
const redacted = (_key: string, value: unknown) => (typeof value === "string" ? redact(value) : value);

function write(stream: NodeJS.WriteStream, line: string): void {
  if (stream.writable) stream.write(`${line}\n`);
}

/** Errors of a pipe whose reader has gone (`| head`), or of a closed terminal. */
const closedCodes = new Set(["EPIPE", "EIO"]);

/**
 * Keeps closed or failing streams from crashing the process. If a stream's reader has gone, the rest is not written.
 * A failing stderr (a log on a full disk) must not end a job. But if stdout cannot be written for another reason, the
 * command has failed.
 */
export function surviveClosedStreams(): void {
  process.stderr.on("error", () => undefined);
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (closedCodes.has(error.code ?? "")) return;
    throw new CommandError(exitCode.cannotCreate, `cannot write to standard output: ${systemReason(error)}`);
  });
}
