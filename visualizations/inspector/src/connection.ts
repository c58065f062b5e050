import type { Frame } from "../../../src/inspector/feed/frames.js";
import { backoff } from "./model/backoff.js";

/** What the server says first on each connection. */
export interface Hello {
  readonly version: string;
  readonly mode: "live" | "replay";
  /** What is looked on at. */
  readonly title: string;
}

export type ConnectionState =
  | { readonly kind: "connecting" }
  | { readonly kind: "live" }
  | { readonly kind: "replay" }
  | Lost;

export interface Lost {
  readonly kind: "lost";
  /** Tries in a row that failed. */
  readonly failures: number;
  /** It was there before. */
  readonly known: boolean;
  /** The status of its answer, if it is there and refuses; null while that is not known. */
  readonly refused: number | null;
}

export interface Ear {
  hello(hello: Hello): void;
  frames(frames: readonly Frame[]): void;
  connection(state: ConnectionState): void;
}

/**
 * Listens to the server, and connects again by itself: an EventSource alone gives up on some answers, and does not
 * say when it tries again. Returns the end of it.
 */
export function listen(url: string, subscription: Ear): () => void {
  let source: EventSource | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let failures = 0;
  let known = false;
  let refused: number | null = null;
  const open = () => {
    source = new EventSource(url);
    // The page's own server sends these; what came over a channel was checked there.
    source.addEventListener("hello", ({ data }: MessageEvent<string>) => {
      failures = 0;
      refused = null;
      known = true;
      const hello = JSON.parse(data) as Hello;
      subscription.hello(hello);
      subscription.connection({ kind: hello.mode });
    });
    source.addEventListener("frames", ({ data }: MessageEvent<string>) =>
      subscription.frames(JSON.parse(data) as Frame[]),
    );
    source.addEventListener("error", () => {
      // Where the network failed it would try again; where it gives up there was an answer.
      const isAnswered = source?.readyState === EventSource.CLOSED;
      source?.close();
      failures += 1;
      if (!isAnswered) refused = null;
      const lost: Lost = { kind: "lost", failures, known, refused };
      subscription.connection(lost);
      if (isAnswered) {
        void statusOf(url).then((status) => {
          if (failures !== lost.failures) return;
          refused = status;
          subscription.connection({ ...lost, refused });
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

/** Which an EventSource does not tell; null when it cannot be asked, or would be given. */
async function statusOf(url: string): Promise<number | null> {
  try {
    const { ok, status } = await fetch(url, { method: "HEAD" });
    return ok ? null : status;
  } catch {
    return null;
  }
}
