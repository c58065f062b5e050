import { inspect } from "node:util";
import { onTestFinished, vi } from "vitest";
import type { Locks } from "../../../src/index.js";
import { managerEvents } from "../../../src/lock/events.js";

/** Collects everything that a program might log: as JSON, as console.log prints it, and as a string. */
export class CapturedOutput {
  readonly #parts: string[] = [];

  note(thing: unknown): void {
    this.#parts.push(inspect(thing, { depth: 10, showHidden: true }));
    this.noteShallow(thing);
  }

  /** Adds an object that refers to much of the program, such as an actor. */
  noteShallow(thing: unknown): void {
    this.#parts.push(inspect(thing), String(thing));
    try {
      this.#parts.push(JSON.stringify(thing) ?? "");
    } catch {
      // Cyclic objects have no JSON.
    }
    for (let error = thing; error instanceof Error; error = error.cause) this.#parts.push(error.stack ?? "");
  }

  /** Adds every event of these locks. */
  follow(locks: Locks): void {
    for (const name of managerEvents)
      locks.on(name, (event: object) => this.note({ eventName: name, ...event }));
  }

  /** Also adds console output and process warnings. */
  listen(): void {
    for (const method of ["log", "info", "warn", "error", "debug"] as const) {
      const spy = vi.spyOn(console, method).mockImplementation((...args) => this.note(args));
      onTestFinished(() => spy.mockRestore());
    }
    const warned = (warning: Error) => this.note(warning);
    process.on("warning", warned);
    onTestFinished(() => void process.off("warning", warned));
  }

  /** Returns the secrets that the output contains. */
  shows(secrets: Iterable<string>): string[] {
    return [...secrets].filter((secret) => this.has(secret));
  }

  has(text: string): boolean {
    return this.#parts.some((part) => part.includes(text));
  }
}
