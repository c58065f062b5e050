import type { LockState } from "../../api/types.js";
import { reportedHolder } from "../../engine/protocol/contention.js";
import type { Vote } from "../../engine/protocol/vote.js";
import type { Colours } from "../colours.js";
import { formatDuration } from "../duration.js";
import { describeHolder } from "../holder.js";
import { output } from "../output.js";
import { colourOf } from "../watch/colours.js";
import type { Chapter } from "./demo-story.js";
import type { WorkerEvent } from "./worker-pool.js";

/** Lines after which the address is written again, so that a small terminal shows it at any time. */
const maxSinceAddress = 15;

/** Writes a line for each event, with the state of its lock. */
export class DemoOutput {
  readonly #began = performance.now();
  readonly #width: number;
  #sinceAddress = 0;
  /** Acquisitions whose wait was reported already: a line for each retry would be too much to read. */
  readonly #waiting = new Set<string>();

  constructor(
    readonly paint: Colours,
    names: readonly string[],
    readonly nodes: number,
    /** The address of the page; null if there is none. */
    readonly page: string | null,
  ) {
    this.#width = Math.max(...names.map((name) => name.length));
  }

  show(event: WorkerEvent): void {
    const text = this.#textOf(event);
    if (text !== undefined) this.line(event.worker.name, event.worker.handle.state, text);
  }

  chapter({ title, why }: Chapter): void {
    const { paint } = this;
    output.print(`\n${paint.bold(`${title}.`)} ${why}`);
    this.#showAddress();
  }

  line(who: string, state: LockState, text: string): void {
    const time = `${((performance.now() - this.#began) / 1_000).toFixed(2).padStart(6)} s`;
    const { paint } = this;
    output.print(`${paint.dim(time)}  ${who.padEnd(this.#width)}  ${this.#badge(state)}  ${text}`);
    this.#sinceAddress += 1;
    if (this.#sinceAddress >= maxSinceAddress) this.#showAddress();
  }

  #showAddress(): void {
    this.#sinceAddress = 0;
    if (this.page !== null) output.print(this.paint.dim(`On the page: ${this.page}`));
  }

  #badge(state: LockState): string {
    const { paint } = this;
    return colourOf(state, paint)(state.padEnd("acquiring".length));
  }

  /** A round is decided as soon as its votes allow it; later votes are not included. */
  #votes({ votes }: { readonly votes: readonly Vote[] }): string {
    const count = (kind: Vote["kind"]) => votes.filter((vote) => vote.kind === kind).length;
    const against = (["denied", "failed"] as const).filter((kind) => count(kind) > 0);
    const others = against.map((kind) => `, ${count(kind)} ${kind}`).join("");
    return `granted by ${count("granted")} of ${this.nodes} nodes${others}`;
  }

  #textOf({ name, event }: WorkerEvent): string | undefined {
    const { paint } = this;
    switch (name) {
      case "acquiring":
        return undefined;
      case "retrying": {
        if (this.#waiting.has(event.acquisition)) return undefined;
        this.#waiting.add(event.acquisition);
        const why =
          event.reason === "contended"
            ? `held by ${describeHolder(reportedHolder(event.votes))}`
            : this.#votes(event);
        return paint.dim(`waits: ${why}`);
      }
      case "acquired": {
        this.#waiting.delete(event.acquisition);
        const waited = event.waited < 1 ? "at once" : `after ${formatDuration(event.waited)}`;
        return `${paint.green("acquired")} ${waited}, attempt ${event.attempt}; ${this.#votes(event)}, ${validFor(event)}`;
      }
      case "renewed":
        return `${paint.cyan("renewed")}; ${this.#votes(event)}, ${validFor(event)}`;
      case "upgraded":
        return `${paint.cyan("upgraded")}; ${this.#votes(event)}, ${validFor(event)}`;
      case "quorumLost":
        return `${paint.yellow("quorum lost")}; ${this.#votes(event)}, still valid for ${formatDuration(event.remaining)}`;
      case "expired":
        return `${paint.red("expired")} (${event.reason}): the job was told, and stopped`;
      case "released":
        return `${paint.green("released")} after ${formatDuration(event.heldFor)}`;
      case "failed":
        return undefined;
    }
  }
}

const validFor = ({ validUntil }: { readonly validUntil: number }) =>
  `valid for ${formatDuration(validUntil - Date.now())}`;
