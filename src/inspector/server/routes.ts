import type { ServerResponse } from "node:http";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { Metrics } from "./metrics.js";
import type { PageFile, PageFiles } from "./page-files.js";
import { windowAt } from "./past.js";
import { head, refuse, sendJson } from "./reply.js";
import { reading } from "./request-policy.js";
import type { Shown } from "./shown.js";
import { isStoryAct, storyActs, storyPath } from "./story.js";
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

  methodsOf(path: string): readonly string[] {
    return path === storyPath && this.shown.story != null ? ["POST"] : reading;
  }

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
      case "/past":
        return this.past(response);
      case "/window":
        return this.window(response, query.get("at"));
      case "/recording":
        return this.recording(response);
      case storyPath:
        return this.story(response, path, query.get("do"));
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
    const story = this.shown.story?.view;
    const mode = recording === null ? "live" : "replay";
    hub.add(stream, { version: this.version, mode, title, ...(story === undefined ? {} : { story }) });
  }

  /** Pauses the story, or goes on with it. */
  private story(response: ServerResponse, path: string, act: string | null): void {
    const { story } = this.shown;
    if (story == null) return this.file(response, path);
    if (!isStoryAct(act)) {
      return refuse(response, { status: 400, line: `Say what to do: /story?do=${storyActs.join("|")}` });
    }
    story.act(act);
    sendJson(response, story.view);
  }

  private history(response: ServerResponse, lock: string | null): void {
    if (lock === null || lock === "" || lock.length > maxIdLength) {
      return refuse(response, { status: 400, line: "Name the lock by its id: /history?lock=ID" });
    }
    sendJson(response, this.shown.hub.aggregate.history(lock));
  }

  /** The data of the time axis. */
  private past(response: ServerResponse): void {
    const { overview, incidents, from, to, examined } = this.shown.recording ?? this.shown.hub;
    const { recording } = this.shown;
    // A live page receives the incidents with the events.
    sendJson(response, { overview, from, to, examined, incidents: recording === null ? [] : incidents });
  }

  /** The frames around a time: a line of JSON, then the lines of each segment after a line of its own. */
  private async window(response: ServerResponse, at: string | null): Promise<void> {
    const time = at === null || at === "" ? Number.NaN : Number(at);
    if (!Number.isFinite(time)) {
      return refuse(response, { status: 400, line: "Name the time in ms since 1970: /window?at=TIME" });
    }
    const { recording, hub } = this.shown;
    if (recording === null) await hub.store.settle();
    const { segments, ...about } = await windowAt((recording ?? hub).store, time);
    head(response, 200, "text/plain; charset=utf-8");
    const lines = [JSON.stringify(about), ...segments.map((text) => `=\n${text}`)];
    await pipeline(Readable.from(lines.map((line) => (line.endsWith("\n") ? line : `${line}\n`))), response);
  }

  /** The last hour as the file of a recording. */
  private async recording(response: ServerResponse): Promise<void> {
    const { hub, recording } = this.shown;
    if (recording !== null) {
      return refuse(response, { status: 404, line: "This is a recording already: copy its file." });
    }
    await hub.store.settle();
    head(response, 200, "application/octet-stream", {
      "Content-Disposition": `attachment; filename="holdfast-${fileTime(hub.to)}.holdfast"`,
    });
    // Follows the reader's pace.
    await pipeline(Readable.from(hub.store.file()), response);
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

/** "2026-01-02T19-48-07Z" */
const fileTime = (time: number): string =>
  `${new Date(time).toISOString().slice(0, 19).replaceAll(":", "-")}Z`;

function sendFile(response: ServerResponse, { body, type, immutable }: PageFile): void {
  const caching = immutable ? { "Cache-Control": "private, max-age=31536000, immutable" } : {};
  head(response, 200, type, { "Content-Length": body.length, ...caching });
  response.end(body);
}
