import type { Frame } from "../../../src/inspector/feed/frames.js";
import type { TotalsView } from "../../../src/inspector/feed/totals-sum.js";
import type { Incident } from "../../../src/inspector/incidents/incident.js";
import type { StoryView } from "../../../src/inspector/server/story.js";
import { backoff } from "./model/backoff.js";

/** The server's first message on each connection. */
export interface Hello {
  readonly version: string;
  readonly mode: "live" | "replay";
  /** The title of what is observed. */
  readonly title: string;
  /** Of all processes, also of those that the server has forgotten. */
  readonly totals: TotalsView;
  /** What the page tells beside that: in the demo. */
  readonly story?: StoryView;
}

export type ConnectionState =
  | { readonly kind: "connecting" }
  | { readonly kind: "live" }
  | { readonly kind: "replay" }
  | Lost;

export interface Lost {
  readonly kind: "lost";
  /** Consecutive failed attempts. */
  readonly failures: number;
  /** The server was connected before. */
  readonly known: boolean;
  /** The HTTP status if the server refuses; null if it is unknown. */
  readonly refused: number | null;
}

export interface EventListeners {
  hello(hello: Hello): void;
  frames(frames: readonly Frame[]): void;
  totals(totals: TotalsView): void;
  incidents(incidents: readonly Incident[]): void;
  story(story: StoryView): void;
  connection(state: ConnectionState): void;
}

/**
 * Subscribes to the server's events, and reconnects by itself: an EventSource alone gives up on some answers and does
 * not report when it tries again. Returns a function that ends the subscription.
 */
export function subscribe(url: string, listeners: EventListeners): () => void {
  let source: EventSource | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let failures = 0;
  let known = false;
  let refused: number | null = null;
  const open = () => {
    source = new EventSource(url);
    // The page's own server has checked the frames that it received over a channel.
    source.addEventListener("hello", ({ data }: MessageEvent<string>) => {
      failures = 0;
      refused = null;
      known = true;
      const hello = JSON.parse(data) as Hello;
      listeners.hello(hello);
      listeners.connection({ kind: hello.mode });
    });
    source.addEventListener("frames", ({ data }: MessageEvent<string>) =>
      listeners.frames(JSON.parse(data) as Frame[]),
    );
    source.addEventListener("totals", ({ data }: MessageEvent<string>) =>
      listeners.totals(JSON.parse(data) as TotalsView),
    );
    source.addEventListener("incidents", ({ data }: MessageEvent<string>) =>
      listeners.incidents(JSON.parse(data) as Incident[]),
    );
    source.addEventListener("story", ({ data }: MessageEvent<string>) =>
      listeners.story(JSON.parse(data) as StoryView),
    );
    source.addEventListener("error", () => {
      // After a network failure an EventSource tries again; it gives up only after an answer.
      const isAnswered = source?.readyState === EventSource.CLOSED;
      source?.close();
      failures += 1;
      if (!isAnswered) refused = null;
      const lost: Lost = { kind: "lost", failures, known, refused };
      listeners.connection(lost);
      if (isAnswered) {
        void statusOf(url).then((status) => {
          if (failures !== lost.failures) return;
          refused = status;
          listeners.connection({ ...lost, refused });
        });
      }
      timer = setTimeout(open, backoff(failures));
    });
  };
  open();
  return () => {
    clearTimeout(timer);
    source?.close();
  };
}

/**
 * The HTTP status, which an EventSource does not report. Returns null if the server cannot be reached, or would
 * answer normally.
 */
async function statusOf(url: string): Promise<number | null> {
  try {
    const { ok, status } = await fetch(url, { method: "HEAD" });
    return ok ? null : status;
  } catch {
    return null;
  }
}
