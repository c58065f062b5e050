import type { Frame } from "../../inspector/feed/frames.js";
import { output } from "../output.js";
import { BoundedStdout } from "./bounded-stdout.js";
import type { NodeAnswer } from "./node-query.js";
import type { View } from "./view.js";

/** Prints one line of JSON for each frame, and for each changed answer of the nodes. */
export class JsonView implements View {
  readonly #printed = new BoundedStdout();

  frame(frame: Frame): void {
    this.#write(frame);
  }

  asked({ inspection, time }: NodeAnswer): void {
    this.#write({ kind: "asked", time, inspection });
  }

  nodeChanged(what: string): void {
    output.error(what);
  }

  notice(text: string): void {
    output.error(text);
  }

  async end(): Promise<void> {
    await this.#printed.end();
  }

  #write(value: object): void {
    this.#printed.print(() => output.json(value, "stdout"));
  }
}
