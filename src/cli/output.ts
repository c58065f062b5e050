import { systemReason } from "../inspector/recording/recording-error.js";
import { clip } from "../support/redaction.js";
import { CommandError, exitCode } from "./exit.js";
import { redact } from "./redact.js";

/** Where output goes. Every line passes through the redaction, whatever it is made of. */
export interface Output {
  /** For people, on stdout. */
  print(line: string): void;
  /** For people, on stderr: `holdfast: ...`. */
  complain(message: string): void;
  /** One line of JSON on the stream. */
  json(value: unknown, stream?: "stdout" | "stderr"): void;
  /** A document of ours, on stdout, as it is: nothing in it may come from outside. Resolves when it is written. */
  whole(content: string | Uint8Array): Promise<void>;
  /** Where an error comes from, only with HOLDFAST_DEBUG. */
  trace(error: unknown): void;
}

export const output: Output = {
  print: (line) => write(process.stdout, redact(line)),
  // Redacted before it is cut: half a password would not be found.
  complain: (message) => write(process.stderr, clip(redact(`holdfast: ${oneLine(message)}`), longestLine)),
  json: (value, stream = "stderr") => write(process[stream], JSON.stringify(value, redacted)),
  // A reader that went away is told of by the stream, see below.
  whole: (content) => new Promise((resolve) => process.stdout.write(content, () => resolve())),
  trace(error) {
    if (process.env.HOLDFAST_DEBUG && error instanceof Error)
      write(process.stderr, redact(error.stack ?? error.message));
  },
};

/** What was given may be of any length, and have terminal commands in it. */
const longestLine = 4_000;

const oneLine = (text: string) =>
  text
    .split(/\p{Cc}+/u)
    .map((part) => part.trim())
    .filter(Boolean)
    .join(" ");

/** String by string: the finished line would show a password with a quote in it in another form. */
const redacted = (_key: string, value: unknown) => (typeof value === "string" ? redact(value) : value);

function write(stream: NodeJS.WriteStream, line: string): void {
  if (stream.writable) stream.write(`${line}\n`);
}

/** A pipe that nobody reads (`| head`), a terminal that was closed. */
const gone = new Set(["EPIPE", "EIO"]);

/**
 * A reader that went away is no reason to crash: the rest is simply not written. Neither is a log on a full disk, least
 * of all for who runs a job; but what was asked for on stdout, and is not all there, has failed.
 */
export function surviveClosedStreams(): void {
  process.stderr.on("error", () => undefined);
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (gone.has(error.code ?? "")) return;
    throw new CommandError(exitCode.cannotCreate, `cannot write to standard output: ${systemReason(error)}`);
  });
}
