import type { ServerResponse } from "node:http";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { Frame } from "../feed/frames.js";
import type { Metrics } from "./metrics.js";
import type { PageFile, PageFiles } from "./page-files.js";
import { head, refuse, sendJson } from "./reply.js";
import type { Shown } from "./shown.js";
import { Stream } from "./stream.js";

/** Maximum number of event streams at one time. */
const maxReaders = 50;
/** Maximum length of a lock's id in characters. */
const maxIdLength = 200;

/** Answers the requests that the request policy admits. */
export class Routes {
  constructor(
    private readonly shown: Shown,
    private readonly files: PageFiles,
    private readonly metrics: Metrics,
    private readonly version: string,
  ) {}

  async answer(
    path: string,
    query: URLSearchParams,
    isHead: boolean,
    response: ServerResponse,
  ): Promise<void> {
    switch (path) {
      case "/events":
        return this.events(response, isHead);
      case "/history":
        return this.history(response, query.get("lock"));
      case "/recording":
        return this.recording(response);
      case "/metrics":
        return this.metrics.answer(response);
      default:
        return this.file(response, path === "/" ? "/index.html" : path);
    }
  }

  private events(response: ServerResponse, isHead: boolean): void {
    const { hub, recording, title } = this.shown;
    if (hub.readers >= maxReaders) {
      const line = `${maxReaders} pages are open already, which is the most: close one of them.`;
      return refuse(response, { status: 503, line, headers: { "Retry-After": "10" } });
    }
    const stream = new Stream(response);
    if (isHead) return stream.end();
    hub.add(stream, { version: this.version, mode: recording === null ? "live" : "replay", title });
  }

  private history(response: ServerResponse, lock: string | null): void {
    if (lock === null || lock === "" || lock.length > maxIdLength) {
      return refuse(response, { status: 400, line: "Name the lock by its id: /history?lock=ID" });
    }
    sendJson(response, this.shown.hub.aggregate.history(lock));
  }

  private async recording(response: ServerResponse): Promise<void> {
    const { recording } = this.shown;
    if (recording === null) {
      return refuse(response, { status: 404, line: "This is live: there is no recording." });
    }
    head(response, 200, "application/x-ndjson");
    // Follows the reader's pace.
    await pipeline(Readable.from(linesOf(recording)), response);
  }

  private file(response: ServerResponse, path: string): void {
    const file = this.files.get(path);
    if (file !== undefined) return sendFile(response, file);
    if (path === "/index.html") {
      return refuse(response, { status: 503, line: "The page is not built: npm run build." });
    }
    refuse(response, { status: 404, line: "There is no such page." });
  }
}

function* linesOf(frames: readonly Frame[]): Generator<string> {
  for (const frame of frames) yield `${JSON.stringify(frame)}\n`;
}

function sendFile(response: ServerResponse, { body, type, immutable }: PageFile): void {
  const caching = immutable ? { "Cache-Control": "private, max-age=31536000, immutable" } : {};
  head(response, 200, type, { "Content-Length": body.length, ...caching });
  response.end(body);
}
