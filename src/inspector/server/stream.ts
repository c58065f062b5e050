import { once } from "node:events";
import type { ServerResponse } from "node:http";
import type { Frame } from "../feed/frames.js";
import type { Incident } from "../incidents/incident.js";
import { head } from "./reply.js";

/**
 * Maximum number of bytes that may wait for a reader. A slower reader is disconnected, reconnects, and receives the
 * state of that time.
 */
const maxWaitingBytes = 1_000_000;
/** Snapshot frames written at once to a new reader; each has up to 200 locks. */
const frameBatch = 4;
/** Incidents written at once to a new reader. */
const incidentBatch = 100;
/** Time in ms after which a browser that lost the server reconnects. */
const retry = 1_000;

/** An event of a stream, ready to be sent to any number of readers. */
export const eventOf = (name: string, data: unknown): string =>
  `event: ${name}\ndata: ${JSON.stringify(data)}\n\n`;

/** One reader of the events. */
export class Stream {
  /** Events that arrived while the snapshot was being sent; null when the reader has caught up. */
  #waiting: string[] | null = [];
  #waitingLength = 0;

  constructor(readonly response: ServerResponse) {
    // A proxy must not buffer the stream. A stream that ends leaves nothing to request on the same connection.
    const more = { "X-Accel-Buffering": "no", Connection: "close" };
    head(response, 200, "text/event-stream; charset=utf-8", more);
  }

  /**
   * Sends the greeting, then the snapshot and the known incidents, then the events that have arrived since. Stops early
   * when the reader disconnects.
   */
  async open(hello: unknown, snapshot: readonly Frame[], incidents: readonly Incident[] = []): Promise<void> {
    const closed = new AbortController();
    this.response.once("close", () => closed.abort());
    try {
      this.response.write(`retry: ${retry}\n${eventOf("hello", hello)}`);
      // At least one event, so that a page learns that there are no locks.
      const frames = snapshot.length === 0 ? [[]] : batches(snapshot, frameBatch);
      const events = [
        ...[...frames].map((batch) => ["frames", batch] as const),
        ...[...batches([...incidents], incidentBatch)].map((batch) => ["incidents", batch] as const),
      ];
      for (const [name, batch] of events) {
        const hasRoom = this.response.write(eventOf(name, batch));
        if (!hasRoom) await once(this.response, "drain", { signal: closed.signal });
      }
      for (const text of this.#waiting ?? []) this.response.write(text);
    } catch {
      // The reader disconnected.
    }
    this.#waiting = null;
  }

  /** Returns false if the reader is too far behind to receive any more. */
  send(text: string): boolean {
    if (this.#waiting !== null) {
      this.#waiting.push(text);
      this.#waitingLength += text.length;
      return this.#waitingLength <= maxWaitingBytes;
    }
    // Counts only what was sent before, because a single event may be larger than the limit.
    if (this.response.writableLength > maxWaitingBytes) return false;
    this.response.write(text);
    return true;
  }

  end(): void {
    this.response.end();
  }

  /** Disconnects the reader and discards what is waiting. */
  drop(): void {
    this.response.destroy();
  }
}

function* batches<T>(all: readonly T[], size: number): Iterable<T[]> {
  for (let from = 0; from < all.length; from += size) yield all.slice(from, from + size);
}
