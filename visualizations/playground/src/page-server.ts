import type { ServerResponse } from "node:http";
import { InspectorFeed } from "../../../src/inspector/feed/inspector-feed.js";
import { windowAt } from "../../../src/inspector/server/past.js";
import { Stream } from "../../../src/inspector/server/stream.js";
import type { Manager } from "../../../src/manager/manager.js";

const hello = { version: "playground", mode: "live", title: "Playground" } as const;

/** The inspector's server, without a network: it answers the requests of the page in the page itself. */
export class PageServer {
  private readonly feed = new InspectorFeed();

  constructor(managers: readonly Manager[]) {
    for (const manager of managers) this.feed.watch(manager);
    setInterval(() => this.feed.hub.checkSilence(), 1_000);
  }

  /** Takes the place of the browser's own requests for these addresses. */
  install(): void {
    const { feed } = this;
    globalThis.EventSource = class extends PageEvents {
      constructor() {
        super();
        feed.hub.add(new Stream(this.response as unknown as ServerResponse), hello);
      }
    } as unknown as typeof EventSource;
    const { fetch } = globalThis;
    globalThis.fetch = async (input, init) => {
      const url = new URL(String(input instanceof Request ? input.url : input), location.href);
      return (await this.answer(url)) ?? fetch(input, init);
    };
  }

  private async answer({ pathname, searchParams }: URL): Promise<Response | null> {
    const { hub } = this.feed;
    switch (pathname.slice(pathname.lastIndexOf("/"))) {
      case "/events":
        return new Response();
      case "/history":
        return Response.json(hub.aggregate.history(searchParams.get("lock") ?? ""));
      case "/past":
        return Response.json({ ...pastOf(hub), incidents: [] });
      case "/window": {
        const { segments, ...about } = await windowAt(hub.store, Number(searchParams.get("at")));
        return new Response([JSON.stringify(about), ...segments].join("\n=\n"));
      }
      default:
        return null;
    }
  }
}

const pastOf = ({ overview, from, to, examined }: InspectorFeed["hub"]) => ({ overview, from, to, examined });

/** The stream of events of one page, as the browser's EventSource has it. */
class PageEvents extends EventTarget {
  static readonly CLOSED = 2;
  readyState = 1;
  private readonly closing = new EventTarget();

  /** What the stream writes to. */
  protected readonly response = {
    writeHead: () => this.response,
    setHeader: () => this.response,
    flushHeaders: () => {},
    write: (text: string) => {
      this.deliver(text);
      return true;
    },
    writableLength: 0,
    once: (_event: "close", listener: () => void) => {
      this.closing.addEventListener("close", listener, { once: true });
    },
    end: () => this.close(),
    destroy: () => this.close(),
  };

  close(): void {
    this.readyState = PageEvents.CLOSED;
    this.closing.dispatchEvent(new Event("close"));
  }

  private deliver(text: string): void {
    // The page adds its listeners after it has opened the stream.
    for (const [, name = "", data = ""] of text.matchAll(/^event: (.*)\ndata: (.*)$/gm))
      queueMicrotask(() => this.dispatchEvent(new MessageEvent(name, { data })));
  }
}
