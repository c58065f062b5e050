import type { Frame } from "../../../src/inspector/frames.js";
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
  /** `failures`: tries in a row that failed; `known`: it was there before. */
  | { readonly kind: "lost"; readonly failures: number; readonly known: boolean };

export interface Ear {
  hello(hello: Hello): void;
  frames(frames: readonly Frame[]): void;
  connection(state: ConnectionState): void;
}

/**
 * Listens to the server, and connects again by itself: an EventSource alone gives up on some answers, and does not
 * say when it tries again. Returns the end of it.
 */
export function listen(url: string, ear: Ear): () => void {
  let source: EventSource | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let failures = 0;
  let known = false;
  const open = () => {
    source = new EventSource(url);
    // The page's own server sends these; what came over a channel was checked there.
    source.addEventListener("hello", ({ data }: MessageEvent<string>) => {
      failures = 0;
      known = true;
      const hello = JSON.parse(data) as Hello;
      ear.hello(hello);
      ear.connection({ kind: hello.mode });
    });
    source.addEventListener("frames", ({ data }: MessageEvent<string>) =>
      ear.frames(JSON.parse(data) as Frame[]),
    );
    source.addEventListener("error", () => {
      source?.close();
      failures += 1;
      ear.connection({ kind: "lost", failures, known });
      timer = setTimeout(open, backoff(failures));
    });
  };
  open();
  return () => {
    clearTimeout(timer);
    source?.close();
  };
}
