import { createLogUpdate } from "log-update";
import type { Colours } from "../colours.js";
import { output } from "../output.js";
import { redact } from "../redact.js";
import { draw, type Picture } from "./table.js";
import type { View } from "./view.js";

/** ms between two pictures, at least; and at most, because validity runs down. */
const leastPause = 100;
const longestPause = 500;
/** A picture takes at most this part of the time. */
const share = 0.2;

const eraseScreen = "\u001b[2J\u001b[H";

/** A table that is drawn again in place. */
export class ScreenView implements View {
  readonly #update: ReturnType<typeof createLogUpdate>;
  #timer: NodeJS.Timeout | undefined;
  /** By `performance.now()`. */
  #earliest = 0;
  #due = Number.POSITIVE_INFINITY;
  readonly #notices: string[] = [];
  #ended = false;
  readonly #resized = () => this.#startAnew();

  constructor(
    private readonly stream: NodeJS.WriteStream,
    private readonly paint: Colours,
    private readonly picture: (notices: readonly string[]) => Picture,
  ) {
    this.#update = createLogUpdate(stream);
    stream.on("resize", this.#resized);
    this.#plan(0);
  }

  hear(): void {
    this.#plan(0);
  }

  asked(): void {
    this.#plan(0);
  }

  /** How the nodes are is part of the picture. */
  nodeChanged(): void {
    this.#plan(0);
  }

  /** The last few: they are shown under the table. */
  notice(text: string): void {
    if (this.#ended) return output.complain(text);
    this.#notices.push(text);
    if (this.#notices.length > 3) this.#notices.shift();
    this.#plan(0);
  }

  /** Leaves the last picture, and gives the cursor back. */
  async end(): Promise<void> {
    clearTimeout(this.#timer);
    this.stream.off("resize", this.#resized);
    this.#ended = true;
    this.#draw();
    this.#update.done();
  }

  #plan(wait: number): void {
    if (this.#ended) return;
    const now = performance.now();
    const due = Math.max(now + wait, this.#earliest);
    if (due >= this.#due) return;
    clearTimeout(this.#timer);
    this.#due = due;
    this.#timer = setTimeout(() => this.#tick(), due - now);
  }

  #tick(): void {
    this.#draw();
    this.#due = Number.POSITIVE_INFINITY;
    this.#plan(longestPause);
  }

  #draw(): void {
    const began = performance.now();
    const { columns = 80, rows = 24 } = this.stream;
    this.#update(redact(draw(this.picture(this.#notices), { columns, rows }, this.paint)));
    const took = performance.now() - began;
    this.#earliest = began + Math.max(leastPause, took / share);
  }

  /** The terminal has broken the lines anew: where the old picture begins is not known. */
  #startAnew(): void {
    this.#update.clear();
    this.stream.write(eraseScreen);
    this.#plan(0);
  }
}
