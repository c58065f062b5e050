import type { Frame } from "../../inspector/feed/frames.js";
import { output } from "../output.js";
import type { Asked } from "./asking.js";
import { Printed } from "./printed.js";
import type { View } from "./view.js";

/** One line of JSON for each frame, and for each change of what was asked. */
export class JsonView implements View {
  readonly #printed = new Printed();

  hear(frame: Frame): void {
    this.#write(frame);
  }

  asked({ inspection, time }: Asked): void {
    this.#write({ kind: "asked", time, inspection });
  }

  nodeChanged(what: string): void {
    output.complain(what);
  }

  notice(text: string): void {
    output.complain(text);
  }

  async end(): Promise<void> {
    await this.#printed.end();
  }

  #write(value: object): void {
    this.#printed.print(() => output.json(value, "stdout"));
  }
}
