import { inspect } from "node:util";
import { onTestFinished, vi } from "vitest";
import type { Locks } from "../../../src/index.js";
import { managerEvents } from "../../../src/lock/events.js";

/** Everything that a program might log, as one text: by JSON, by console.log, and as a string. */
export class Paper {
  readonly #parts: string[] = [];

  note(thing: unknown): void {
    this.#parts.push(inspect(thing, { depth: 10, showHidden: true }));
    this.noteShort(thing);
  }

  /** For what refers to half of the program, such as an actor. */
  noteShort(thing: unknown): void {
    this.#parts.push(inspect(thing), String(thing));
    try {
      this.#parts.push(JSON.stringify(thing) ?? "");
    } catch {
      // Cyclic things have no JSON.
    }
    for (let error = thing; error instanceof Error; error = error.cause) this.#parts.push(error.stack ?? "");
  }

  /** Every event of these locks. */
  follow(locks: Locks): void {
    for (const name of managerEvents) locks.on(name, (event: object) => this.note({ heard: name, ...event }));
  }

  /** Also what is written to the console and to the process's own streams, and warned of. */
  listen(): void {
    for (const method of ["log", "info", "warn", "error", "debug"] as const) {
      const spy = vi.spyOn(console, method).mockImplementation((...args) => this.note(args));
      onTestFinished(() => spy.mockRestore());
    }
    const warned = (warning: Error) => this.note(warning);
    process.on("warning", warned);
    onTestFinished(() => void process.off("warning", warned));
  }

  /** Which of the secrets stand in it. */
  shows(secrets: Iterable<string>): string[] {
    return [...secrets].filter((secret) => this.has(secret));
  }

  has(text: string): boolean {
    return this.#parts.some((part) => part.includes(text));
  }
}
