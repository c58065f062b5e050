import { once } from "node:events";
import type { ServerResponse } from "node:http";
import type { Frame } from "../feed/frames.js";
import { head } from "./reply.js";

/** Bytes that may wait for a reader: beyond that it is dropped; it comes again, and is told how things are by then. */
const mostWaiting = 1_000_000;
/** Frames written at once to a reader that has just come; of up to 200 locks each. */
const frameBatch = 4;
/** ms after which a browser that lost the server asks again. */
const retry = 1_000;

/** An event of a stream, ready to be sent to any number of readers. */
export const eventOf = (name: string, data: unknown): string =>
  `event: ${name}\ndata: ${JSON.stringify(data)}\n\n`;

/** One reader of the events. */
export class Stream {
  /** What came while it was told how things are; null when it has caught up. */
  #meanwhile: string[] | null = [];
  #meanwhileLength = 0;

  constructor(readonly response: ServerResponse) {
    // No proxy is to hold it back; and when it ends, there is nothing to ask on the same connection.
    const more = { "X-Accel-Buffering": "no", Connection: "close" };
    head(response, 200, "text/event-stream; charset=utf-8", more);
  }

  /** First who speaks, then how things are, then what has come since. Ends early when the reader goes. */
  async open(hello: unknown, snapshot: readonly Frame[]): Promise<void> {
    const gone = new AbortController();
    this.response.once("close", () => gone.abort());
    try {
      this.response.write(`retry: ${retry}\n${eventOf("hello", hello)}`);
      // At least one, so that a page knows that there is nothing.
      for (let from = 0; from === 0 || from < snapshot.length; from += frameBatch) {
        const isTaken = this.response.write(eventOf("frames", snapshot.slice(from, from + frameBatch)));
        if (!isTaken) await once(this.response, "drain", { signal: gone.signal });
      }
      for (const text of this.#meanwhile ?? []) this.response.write(text);
    } catch {
      // It went away.
    }
    this.#meanwhile = null;
  }

  /** False: it is too far behind to be told anything more. */
  send(text: string): boolean {
    if (this.#meanwhile !== null) {
      this.#meanwhile.push(text);
      this.#meanwhileLength += text.length;
      return this.#meanwhileLength <= mostWaiting;
    }
    // What it was sent before; a single event may be larger than that.
    if (this.response.writableLength > mostWaiting) return false;
    this.response.write(text);
    return true;
  }

  end(): void {
    this.response.end();
  }

  /** What still waits for it is not sent. */
  drop(): void {
    this.response.destroy();
  }
}
