import type { Program } from "../program.js";
import type { Checker, Findings } from "./checker.js";

/** Closed locks leave no timer, listener or subscription behind in their program. */
export class Leftovers implements Checker {
  readonly name = "leftovers";

  constructor(private readonly findings: Findings) {}

  closed({ host, links }: Program): void {
    this.findings.checked();
    const timers = host.libraryTimers;
    if (timers > 0) this.findings.report(`${host.name} has closed its locks, and ${timers} timers are set`);
    for (const { name, listeners, subscriptions } of links) {
      if (listeners.size + subscriptions.size === 0) continue;
      this.findings.report(`${host.name} has closed its locks, and still listens to ${name}`);
    }
  }
}
