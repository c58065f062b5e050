import type { FrameAggregate } from "../../inspector/feed/frame-aggregate.js";
import type { Frame } from "../../inspector/feed/frames.js";
import type { Colours } from "../colours.js";
import { output } from "../output.js";
import { BoundedStdout } from "./bounded-stdout.js";
import { askedLine, linesOf } from "./lines.js";
import type { NodeAnswer } from "./node-query.js";
import type { View } from "./view.js";

/** Prints one line for each step: for a pipe, a file, or a terminal that cannot draw. */
export class LinesView implements View {
  readonly #printed = new BoundedStdout();

  /** `prefix`: the requested prefix; undefined if locks under any prefix are shown. */
  constructor(
    private readonly paint: Colours,
    private readonly prefix: string | undefined,
  ) {}

  frame(frame: Frame, aggregate: FrameAggregate): void {
    for (const line of linesOf(frame, aggregate, this.paint, this.prefix === undefined)) this.#print(line);
  }

  asked(asked: NodeAnswer): void {
    this.#print(askedLine(asked, this.paint));
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

  #print(line: string): void {
    this.#printed.print(() => output.print(line));
  }
}
