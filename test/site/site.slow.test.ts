import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { expectNoTrouble, useBrowser, visit } from "../inspector/browser/support/browser.js";
import { fileOf, serveFolder } from "../support/static-server.js";

const root = "build/site";
useBrowser();
beforeAll(() => {
  execFileSync(process.execPath, ["scripts/docs.mjs"], { stdio: "pipe" });
}, 600_000);

const pages = () =>
  readdirSync(root, { recursive: true, encoding: "utf8" }).filter(
    (file) => file.endsWith(".html") && !file.startsWith("playground"),
  );

/** The addresses in the links, images, scripts and styles of a page. */
const addressesIn = (html: string) =>
  [...html.matchAll(/<(?:a|img|script|link)\b[^>]*?\s(?:href|src)="([^"]+)"/g)].map(([, address = ""]) =>
    address.replaceAll("&amp;", "&"),
  );

/** The places in a page that a link can name. */
const placesIn = (html: string) => new Set([...html.matchAll(/\sid="([^"]+)"/g)].map(([, id]) => id));

describe("the site", () => {
  test("has every page of the documentation, the charts, the playground, and each entry point of the package", () => {
    const docs = readdirSync("docs", { recursive: true, encoding: "utf8" }).filter((file) =>
      file.endsWith(".md"),
    );
    const expected = [
      ...docs.map((file) => `docs/${file.replace(/README\.md$/, "index.md").replace(/\.md$/, ".html")}`),
      ...["index.html", "CHANGELOG.html", "examples/index.html", "visualizations/charts/index.html"],
      ...["playground/index.html", "api/index.html"],
    ];
    expect(expected.filter((file) => !existsSync(join(root, file)))).toEqual([]);
    const { exports } = JSON.parse(readFileSync("package.json", "utf8"));
    const api = readFileSync(join(root, "api/index.html"), "utf8");
    const entries = Object.keys(exports).filter((name) => name !== "./package.json");
    expect(entries.filter((name) => !api.includes(`>holdfast${name.slice(1)}<`))).toEqual([]);
  });

  test("has no link that leads nowhere", async () => {
    const wrong = new Set<string>();
    const places = new Map<string, ReadonlySet<string | undefined>>();
    const placesOf = (file: string) => {
      const known = places.get(file) ?? placesIn(readFileSync(file, "utf8"));
      places.set(file, known);
      return known;
    };
    /** What is wrong with each address, so that each is looked up once. */
    const known = new Map<string, boolean>();
    for (const page of pages().filter((one) => one !== "404.html")) {
      for (const address of addressesIn(readFileSync(join(root, page), "utf8"))) {
        const { origin, pathname, hash, href } = new URL(address, `http://site/${page}`);
        if (origin !== "http://site") continue;
        if (!known.has(href)) {
          const file = await fileOf(root, pathname);
          const name = decodeURIComponent(hash.slice(1));
          const isPlace = name === "" || file?.endsWith(".html") === false;
          known.set(href, file !== null && (isPlace || placesOf(file).has(name)));
        }
        if (known.get(href) === false) wrong.add(`${page}: ${address}`);
      }
    }
    expect([...wrong]).toEqual([]);
  }, 120_000);

  test("finds what is searched, and asks no other host", async () => {
    const visited = await visit(await serveFolder(root));
    const { page } = visited;
    await page
      .getByRole("button", { name: /search/i })
      .first()
      .click();
    await page.getByRole("searchbox").fill("fencing token");
    await page.getByRole("option").first().click();
    await page.waitForURL(({ pathname }) => pathname !== "/");
    await page.getByRole("link", { name: "Charts", exact: true }).first().click();
    await page.getByRole("heading", { name: "Charts", level: 1 }).waitFor();
    const broken = await page.evaluate(
      "[...document.images].filter((one) => one.complete && one.naturalWidth === 0).map(({ src }) => src)",
    );
    expect(broken).toEqual([]);
    await page.getByRole("link", { name: "Playground" }).first().click();
    await page.getByRole("heading", { name: "Playground" }).waitFor();
    await page.waitForSelector("[data-chart=lock]", { timeout: 30_000 });
    expectNoTrouble(visited);
  });
});
