import type { Locks } from "../api/types.js";
import type { AnyElectionEvent } from "../election/events.js";
import type { Election } from "../election/types.js";
import { isHoldfastError } from "../errors.js";
import { type AnyEvent, managerEvents } from "../lock/events.js";
import { named } from "../support/names.js";
import { formatDuration } from "./duration.js";
import { explain } from "./failure.js";
import { describeReason } from "./holder.js";
import { OutageReport } from "./outage-report.js";
import { output } from "./output.js";

/** The events of a run besides the events of the lock. */
type RunEvent =
  | { readonly event: "started"; readonly pid: number; readonly command: string }
  | { readonly event: "signal"; readonly signal: string; readonly why: string }
  | { readonly event: "exit"; readonly code: number | null; readonly signal: string | null }
  | { readonly event: "lost"; readonly message: string }
  | { readonly event: "error"; readonly message: string; readonly exitCode: number }
  | { readonly event: "warning"; readonly message: string };

/** Reports a run: every event as a line of JSON, or only what the user has to know as a line of text. */
export interface RunLog {
  follow(locks: Locks): void;
  followElection(election: Election): void;
  write(event: RunEvent): void;
}

export const jsonRunLog: RunLog = {
  follow(locks) {
    for (const name of managerEvents) {
      // One listener suits all events, because each event is only written.
      locks.on(name, (event: AnyEvent) =>
        output.json({ event: name, ...withoutType(event), ...plainError(event) }),
      );
    }
  },
  followElection(election) {
    for (const name of ["campaigning", "elected", "deposed"] as const)
      election.on(name, (event) => output.json({ event: name, ...withoutType(event) }));
    // The locks have reported the error as the event `failed`.
    election.on("failed", ({ delay }) => this.write({ event: "warning", message: againIn(delay) }));
  },
  write: ({ event, ...details }) => output.json({ event, time: Date.now(), ...details }),
};

/** A line names its event in `event`. */
const withoutType = ({ type: _, ...rest }: AnyEvent | AnyElectionEvent): object => rest;

/** The error as the log shows it: a Holdfast error with its code, reason and holder, any other with its message. */
function plainError(event: object): object {
  if (!("error" in event)) return {};
  const { error } = event;
  // A Holdfast error is written by its toJSON.
  if (isHoldfastError(error)) return {};
  if (!(error instanceof Error)) return { error: { message: String(error) } };
  return { error: { ...("code" in error ? { code: error.code } : {}), message: error.message } };
}

const againIn = (delay: number): string => `campaigning again in ${formatDuration(delay)}`;

/** ms for which a log without a terminal says nothing of nodes that cannot grant anything: a restart is over by then. */
const logPatience = 5_000;

export const textRunLog: RunLog = {
  follow(locks) {
    let quorum = true;
    let waiting = false;
    locks.on("quorumLost", ({ resources, remaining }) => {
      if (quorum)
        output.error(`no quorum to renew ${named(resources)}; still valid for ${formatDuration(remaining)}`);
      quorum = false;
    });
    locks.on("renewed", ({ resources }) => {
      if (!quorum) output.error(`${named(resources)} is renewed again`);
      quorum = true;
    });
    const onTerminal = process.stderr.isTTY;
    const outage = new OutageReport((message) => output.error(message), onTerminal ? 0 : logPatience);
    locks.on("retrying", (event) => {
      const { resources, reason } = event;
      outage.failed(event, named(resources));
      // A log needs only one line, why the wait failed. A user at a terminal wants to know at once.
      if (waiting || !onTerminal || reason !== "contended") return;
      waiting = true;
      output.error(`waiting for ${named(resources)}: ${describeReason(event)}`);
    });
    locks.on("acquired", () => outage.over());
  },
  followElection(election) {
    let last: string | null = null;
    election.on("failed", ({ error, delay }) => {
      const { message } = explain(error);
      // A log needs the same reason only once.
      if (message !== last) output.error(`${message}; ${againIn(delay)}`);
      last = message;
    });
    election.on("elected", () => {
      last = null;
    });
  },
  write(event) {
    if ("message" in event) output.error(event.message);
  },
};
