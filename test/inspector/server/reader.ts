import { get as ask, type ClientRequest, type IncomingMessage } from "node:http";
import type { Frame } from "../../../src/inspector/feed/frames.js";
import { waitUntil } from "../../support/wait-until.js";

/** Reads a server's events as a page does. */
export class Reader {
  /** The raw text received so far. */
  text = "";
  /** The events received: their names and their data. */
  readonly events: { readonly name: string; readonly data: unknown }[] = [];
  readonly frames: Frame[] = [];
  /** The position of the first incomplete event. */
  private read = 0;
  ended = false;
  private request: ClientRequest | undefined;
  private response: IncomingMessage | undefined;

  static async open(
    port: number,
    headers: Readonly<Record<string, string>> = {},
    path = "/events",
  ): Promise<Reader> {
    const reader = new Reader();
    await new Promise<void>((resolve, reject) => {
      reader.request = ask({ host: "127.0.0.1", port, path, headers, agent: false }, (response) => {
        reader.response = response;
        response.setEncoding("utf8").on("data", (text: string) => reader.take(text));
        response.on("error", () => undefined);
        response.once("close", () => {
          reader.ended = true;
        });
        if (response.statusCode === 200) resolve();
        else reject(new Error(`the events were refused with ${response.statusCode}`));
      });
      reader.request.once("error", reject);
    });
    return reader;
  }

  /** Waits for a matching frame. */
  async receives(what: string, isIt: (frame: Frame) => boolean, timeoutMs = 5_000): Promise<void> {
    await waitUntil(`the reader receives ${what}`, timeoutMs, () => this.frames.some(isIt));
  }

  /** Stops reading, but stays connected. */
  stall(): void {
    this.response?.pause();
  }

  readOn(): void {
    this.response?.resume();
  }

  vanish(): void {
    this.request?.destroy();
  }

  private take(text: string): void {
    this.text += text;
    for (
      let end = this.text.indexOf("\n\n", this.read);
      end !== -1;
      end = this.text.indexOf("\n\n", this.read)
    ) {
      const [, name = "", data = ""] =
        /event: (\w+)\ndata: (.*)$/.exec(this.text.slice(this.read, end)) ?? [];
      this.read = end + 2;
      if (name === "") continue;
      const value: unknown = JSON.parse(data);
      this.events.push({ name, data: value });
      // The server sent these frames; other tests check their shape.
      if (name === "frames") this.frames.push(...(value as Frame[]));
    }
  }
}
