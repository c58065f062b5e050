import { createLogUpdate } from "log-update";
import type { Colours } from "../colours.js";
import { output } from "../output.js";
import { redact } from "../redact.js";
import { draw, type Picture } from "./table.js";
import type { View } from "./view.js";

/**
 * Minimum and maximum time in ms between two redraws. The maximum exists because the remaining validity counts down.
 */
const minRedrawMs = 100;
const maxRedrawMs = 500;
/** Maximum share of the time that drawing may take. */
const maxDrawShare = 0.2;

const eraseScreen = "\u001b[2J\u001b[H";

/** A table that is redrawn in place. */
export class ScreenView implements View {
  readonly #update: ReturnType<typeof createLogUpdate>;
  #timer: NodeJS.Timeout | undefined;
  /** The earliest time of the next redraw, by `performance.now()`. */
  #earliest = 0;
  #due = Number.POSITIVE_INFINITY;
  readonly #notices: string[] = [];
  #ended = false;
  readonly #resized = () => this.#clearScreen();

  constructor(
    private readonly stream: NodeJS.WriteStream,
    private readonly paint: Colours,
    private readonly picture: (notices: readonly string[]) => Picture,
  ) {
    this.#update = createLogUpdate(stream);
    stream.on("resize", this.#resized);
    this.#schedule(0);
  }

  frame(): void {
    this.#schedule(0);
  }

  asked(): void {
    this.#schedule(0);
  }

  /** The states of the nodes are part of the picture. */
  nodeChanged(): void {
    this.#schedule(0);
  }

  /** Shows the last three notices under the table. */
  notice(text: string): void {
    if (this.#ended) return output.error(text);
    this.#notices.push(text);
    if (this.#notices.length > 3) this.#notices.shift();
    this.#schedule(0);
  }

  /** Leaves the last picture on the screen, and restores the cursor. */
  async end(): Promise<void> {
    clearTimeout(this.#timer);
    this.stream.off("resize", this.#resized);
    this.#ended = true;
    this.#draw();
    this.#update.done();
  }

  #schedule(wait: number): void {
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
    this.#schedule(maxRedrawMs);
  }

  #draw(): void {
    const began = performance.now();
    const { columns = 80, rows = 24 } = this.stream;
    this.#update(redact(draw(this.picture(this.#notices), { columns, rows }, this.paint)));
    const took = performance.now() - began;
    this.#earliest = began + Math.max(minRedrawMs, took / maxDrawShare);
  }

  /** Clears the screen: the terminal has wrapped the lines again, so the start of the old picture is unknown. */
  #clearScreen(): void {
    this.#update.clear();
    this.stream.write(eraseScreen);
    this.#schedule(0);
  }
}
