import type { Program } from "../program.js";
import type { Checker, Findings } from "./checker.js";

/** Once a program has closed its locks they have left nothing behind in it: no timer, no listener, no subscription. */
export class Leftovers implements Checker {
  readonly name = "leftovers";

  constructor(private readonly findings: Findings) {}

  /** All of a program's locks are closed. */
  left({ host, links }: Program): void {
    this.findings.looked();
    const timers = host.libraryTimers;
    if (timers > 0) this.findings.report(`${host.name} has closed its locks, and ${timers} timers are set`);
    for (const { name, listeners, subscriptions } of links) {
      if (listeners.size + subscriptions.size === 0) continue;
      this.findings.report(`${host.name} has closed its locks, and still listens to ${name}`);
    }
  }
}
