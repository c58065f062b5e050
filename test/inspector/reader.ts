import { get as ask, type ClientRequest, type IncomingMessage } from "node:http";
import type { Frame } from "../../src/inspector/frames.js";
import { waitUntil } from "../support/wait-until.js";

/** Reads a server's events as a page does. */
export class Reader {
  /** All that came, as it came. */
  text = "";
  ended = false;
  private request: ClientRequest | undefined;
  private response: IncomingMessage | undefined;

  static async open(port: number, headers: Readonly<Record<string, string>> = {}): Promise<Reader> {
    const reader = new Reader();
    await new Promise<void>((resolve, reject) => {
      reader.request = ask(
        { host: "127.0.0.1", port, path: "/events", headers, agent: false },
        (response) => {
          reader.response = response;
          response.setEncoding("utf8").on("data", (text: string) => {
            reader.text += text;
          });
          response.on("error", () => undefined);
          response.once("close", () => {
            reader.ended = true;
          });
          if (response.statusCode === 200) resolve();
          else reject(new Error(`the events were refused with ${response.statusCode}`));
        },
      );
      reader.request.once("error", reject);
    });
    return reader;
  }

  /** Each event: its name and its data. */
  get events(): readonly { readonly name: string; readonly data: unknown }[] {
    const events = [...this.text.matchAll(/event: (\w+)\ndata: (.*)\n\n/g)];
    return events.map(([, name = "", data = ""]) => ({ name, data: JSON.parse(data) as unknown }));
  }

  get frames(): readonly Frame[] {
    // The server's own form; that it is one is what other tests look at.
    return this.events.filter(({ name }) => name === "frames").flatMap(({ data }) => data as Frame[]);
  }

  /** Waits for a frame like this. */
  async hears(what: string, isIt: (frame: Frame) => boolean, timeoutMs = 5_000): Promise<void> {
    await waitUntil(`it hears ${what}`, timeoutMs, () => this.frames.some(isIt));
  }

  /** Reads nothing from now on, but stays. */
  stall(): void {
    this.response?.pause();
  }

  readOn(): void {
    this.response?.resume();
  }

  vanish(): void {
    this.request?.destroy();
  }
}
