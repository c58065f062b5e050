/**
 * Ends the job when `holdfast` cannot: killed, stopped, or starved. A process of its own, in a session of its own,
 * so that what hits `holdfast` and its group does not hit this one. It knows only what comes through the
 * pipe on stdin; the end of that pipe without "done" means that nobody renews the lock or waits for the job.
 */
import { createInterface } from "node:readline";
import { Guard } from "./guard.js";
import { Job } from "./job.js";
import { readyLine, type WatchdogMessage } from "./watchdog-messages.js";

/** ms for which a job is looked for that was about to start when `holdfast` died: fork and exec take time. */
const startingTime = 1_000;

let job: Job | undefined;
let guard: Guard | undefined;
let grace = 0;
let json = false;
let leaderKnown = false;

// Sent to whole machines and containers that shut down: the job must not outlive its guard.
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT"] as const) process.on(signal, () => undefined);
for (const stream of [process.stdin, process.stdout, process.stderr]) stream.on("error", () => undefined);

const lines = createInterface({ input: process.stdin, crlfDelay: Number.POSITIVE_INFINITY });
lines.on("line", (line) => hear(JSON.parse(line) as WatchdogMessage));
lines.on("close", orphaned);
process.stdout.write(readyLine);

function hear(message: WatchdogMessage): void {
  switch (message.tell) {
    case "starting": {
      ({ grace, json } = message);
      job = new Job({ mark: message.mark, ownGroup: message.ownGroup, leader: undefined });
      guard = new Guard(job, { grace, lead: 0, onEnded: () => process.exit(0) });
      return;
    }
    case "started":
      leaderKnown = true;
      if (job !== undefined) job.leader = { pid: message.pid, start: message.start ?? undefined };
      return;
    case "deadline":
      return guard?.extend(message);
    case "ending":
      if (message.groupOnly) job?.narrow();
      return guard?.end(message.grace, true);
    case "done":
      process.exit(0);
  }
}

function orphaned(): void {
  if (guard === undefined || job === undefined) process.exit(0);
  if (guard.begun) return;
  if (leaderKnown) return endOrphan(guard);
  const until = performance.now() + startingTime;
  const look = () => {
    if (job !== undefined && guard !== undefined && job.members().length > 0) endOrphan(guard);
    else if (performance.now() > until) process.exit(0);
    else setTimeout(look, 10);
  };
  look();
}

function endOrphan(guard: Guard): void {
  const message = "holdfast ended without waiting for the command, which is ended too";
  process.stderr.write(
    json ? `${JSON.stringify({ event: "orphaned", time: Date.now(), message })}\n` : `holdfast: ${message}\n`,
  );
  guard.end(grace);
}
