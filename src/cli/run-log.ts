import type { Locks } from "../api/types.js";
import { managerEvents } from "../lock/events.js";
import { named } from "../support/names.js";
import { formatDuration } from "./duration.js";
import { describeHolder, longestHolder } from "./holder.js";
import { output } from "./output.js";

/** What a run tells besides the events of the lock. */
type RunEvent =
  | { readonly event: "started"; readonly pid: number; readonly command: string }
  | { readonly event: "signal"; readonly signal: string; readonly why: string }
  | { readonly event: "exit"; readonly code: number | null; readonly signal: string | null }
  | { readonly event: "lost"; readonly message: string }
  | { readonly event: "error"; readonly message: string; readonly exitCode: number }
  | { readonly event: "warning"; readonly message: string };

/** Where a run's story goes: every event as a line of JSON, or what somebody has to know as a line of text. */
export interface RunLog {
  follow(locks: Locks): void;
  tell(event: RunEvent): void;
}

export const jsonJournal: RunLog = {
  follow(locks) {
    for (const name of managerEvents) {
      // One listener fits all: each event is only written down.
      locks.on(name, (event: object) => output.json({ event: name, ...event, ...plainError(event) }));
    }
  },
  tell: ({ event, ...details }) => output.json({ event, time: Date.now(), ...details }),
};

/** An error has no properties of its own that JSON would show. */
function plainError(event: object): object {
  if (!("error" in event)) return {};
  const { error } = event;
  if (!(error instanceof Error)) return { error: { message: String(error) } };
  return { error: { ...("code" in error ? { code: error.code } : {}), message: error.message } };
}

export const textJournal: RunLog = {
  follow(locks) {
    let quorum = true;
    let waiting = false;
    locks.on("quorumLost", ({ resources, remaining }) => {
      if (quorum)
        output.complain(
          `no quorum to renew ${named(resources)}; still valid for ${formatDuration(remaining)}`,
        );
      quorum = false;
    });
    locks.on("renewed", ({ resources }) => {
      if (!quorum) output.complain(`${named(resources)} is renewed again`);
      quorum = true;
    });
    locks.on("retrying", ({ resources, reason, votes }) => {
      // Who waits in a script wants to read one line, why it failed; who sits before it wants to know now.
      if (waiting || !process.stderr.isTTY) return;
      waiting = true;
      const who =
        reason === "contended" ? `held by ${describeHolder(longestHolder(votes))}` : "no quorum of nodes";
      output.complain(`waiting for ${named(resources)}: ${who}`);
    });
  },
  tell(event) {
    if ("message" in event) output.complain(event.message);
  },
};
