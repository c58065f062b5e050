import type { FrameAggregate } from "../../inspector/feed/frame-aggregate.js";
import type { Frame } from "../../inspector/feed/frames.js";
import type { Colours } from "../colours.js";
import { output } from "../output.js";
import type { Asked } from "./asking.js";
import { askedLine, linesOf } from "./lines.js";
import { Printed } from "./printed.js";
import type { View } from "./view.js";

/** One line for each step: for a pipe, a file, or a terminal that cannot draw. */
export class LinesView implements View {
  readonly #printed = new Printed();

  /** `prefix`: what was asked for; undefined if locks under any prefix are shown. */
  constructor(
    private readonly paint: Colours,
    private readonly prefix: string | undefined,
  ) {}

  hear(frame: Frame, aggregate: FrameAggregate): void {
    for (const line of linesOf(frame, aggregate, this.paint, this.prefix === undefined)) this.#print(line);
  }

  asked(asked: Asked): void {
    this.#print(askedLine(asked, this.paint));
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

  #print(line: string): void {
    this.#printed.print(() => output.print(line));
  }
}
