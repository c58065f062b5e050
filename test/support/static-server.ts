import { readFile, stat } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { extname, join, normalize } from "node:path";
import { onTestFinished } from "vitest";

const types: Readonly<Record<string, string>> = {
  ".css": "text/css",
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript",
  ".json": "application/json",
  ".svg": "image/svg+xml",
};

/** The file that a web server gives for a path; null if there is none. */
export async function fileOf(root: string, path: string): Promise<string | null> {
  const file = join(root, normalize(decodeURIComponent(path)));
  for (const candidate of path.endsWith("/") ? [join(file, "index.html")] : [file, `${file}.html`])
    if (
      await stat(candidate).then(
        (found) => found.isFile(),
        () => false,
      )
    )
      return candidate;
  return null;
}

/** Serves the files of a folder until the test ends. Returns the address, with a slash at its end. */
export async function serveFolder(root: string): Promise<string> {
  const server = createServer(async ({ url = "/" }, response) => {
    const file = await fileOf(root, new URL(url, "http://localhost").pathname);
    if (file === null) return void response.writeHead(404).end();
    response.writeHead(200, { "Content-Type": types[extname(file)] ?? "application/octet-stream" });
    response.end(await readFile(file));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
}
