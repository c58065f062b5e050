import { request as ask, type IncomingHttpHeaders } from "node:http";

export interface Asked {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

/** Sends a request to a local server with exactly the given headers, plus `Host` unless it is given. */
export function get(
  port: number,
  path: string,
  headers: Readonly<Record<string, string>> = {},
  method = "GET",
): Promise<Asked> {
  return new Promise((resolve, reject) => {
    const options = { host: "127.0.0.1", port, path, method, headers, agent: false, timeout: 5_000 };
    const request = ask(options, (response) => {
      let text = "";
      response.setEncoding("utf8").on("data", (part: string) => {
        text += part;
      });
      response.once("error", reject);
      response.once("end", () => {
        resolve({ status: response.statusCode ?? 0, headers: response.headers, text });
      });
    });
    request.once("timeout", () => request.destroy(new Error(`no answer to ${method} ${path}`)));
    request.once("error", reject);
    request.end();
  });
}
