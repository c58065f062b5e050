import { HoldfastError } from "./holdfast-error.js";
import { clip, withoutCredentials } from "./redaction.js";

const listenErrors: Readonly<Record<string, string>> = {
  EADDRINUSE: "another program listens there. Choose another port, or 0 for any that is free",
  EACCES: "the system does not allow it. Choose a port from 1024, or 0 for any that is free",
  EADDRNOTAVAIL: "this machine has no such address",
  ENOTFOUND: "the host name is unknown",
};

/** The inspector cannot listen on that address. No port was opened. */
export class CannotListenError extends HoldfastError {
  readonly code = "CANNOT_LISTEN";

  override get name(): string {
    return "CannotListenError";
  }

  constructor(
    readonly host: string,
    readonly port: number,
    cause: unknown,
  ) {
    const reason = (cause as NodeJS.ErrnoException | undefined)?.code ?? "no reason given";
    const why = listenErrors[reason] ?? reason;
    super(`cannot listen on port ${port} of ${clip(withoutCredentials(host))}: ${why}`, { cause });
  }
}
