/**
 * The watchdog process: ends the job when `holdfast` cannot, because it was killed, stopped or starved. The watchdog
 * has a session of its own, so that a signal to `holdfast` and its group does not reach it. It knows only the
 * messages from the pipe on stdin; if that pipe ends without "done", no process renews the lock or waits for the job.
 */
import { createInterface } from "node:readline";
import { Guard } from "./guard.js";
import { Job } from "./job.js";
import { readyLine, type WatchdogMessage } from "./watchdog-messages.js";

/**
 * Time in ms for which the watchdog looks for a job that was about to start when `holdfast` died: fork and exec take
 * time.
 */
const startTimeout = 1_000;

let job: Job | undefined;
let guard: Guard | undefined;
let grace = 0;
let json = false;
let leaderKnown = false;

// These signals are sent to whole machines and containers that shut down: the job must not outlive its watchdog.
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT"] as const) process.on(signal, () => undefined);
for (const stream of [process.stdin, process.stdout, process.stderr]) stream.on("error", () => undefined);

const lines = createInterface({ input: process.stdin, crlfDelay: Number.POSITIVE_INFINITY });
lines.on("line", (line) => receive(JSON.parse(line) as WatchdogMessage));
lines.on("close", onInputClosed);
process.stdout.write(readyLine);

function receive(message: WatchdogMessage): void {
  switch (message.kind) {
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

function onInputClosed(): void {
  if (guard === undefined || job === undefined) process.exit(0);
  if (guard.begun) return;
  if (leaderKnown) return endJob(guard);
  const until = performance.now() + startTimeout;
  const findJob = () => {
    if (job !== undefined && guard !== undefined && job.members().length > 0) endJob(guard);
    else if (performance.now() > until) process.exit(0);
    else setTimeout(findJob, 10);
  };
  findJob();
}

function endJob(guard: Guard): void {
  const message = "holdfast ended without waiting for the command, which is ended too";
  process.stderr.write(
    json ? `${JSON.stringify({ event: "orphaned", time: Date.now(), message })}\n` : `holdfast: ${message}\n`,
  );
  guard.end(grace);
}
