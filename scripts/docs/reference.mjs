/** Writes the reference of the API, a page for each entry point, from the comments in the sources. */
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { entryPoints } from "../build/entry-points.mjs";

/** TypeDoc is one of the site's packages: it needs the interface of a compiler that the library does not use. */
const { resolve: find } = createRequire(resolve("site/package.json"));

export async function writeReference(out) {
  const { Application } = await import(pathToFileURL(find("typedoc")).href);
  const { compilerOptions } = JSON.parse(readFileSync("tsconfig.json", "utf8"));
  const app = await Application.bootstrapWithPlugins({
    plugin: ["typedoc-plugin-markdown", "typedoc-vitepress-theme"].map(find),
    entryPoints: entryPoints.map((name) => `src/${name}.ts`),
    tsconfig: "tsconfig.json",
    compilerOptions,
    skipErrorChecking: true,
    out,
    docsRoot: "site/content",
    readme: "none",
    name: "API",
    entryFileName: "index.md",
    outputFileStrategy: "modules",
    excludeInternal: true,
    excludePrivate: true,
    disableSources: true,
    hideBreadcrumbs: true,
    hidePageHeader: true,
    sanitizeComments: true,
    logLevel: "Error",
    sidebar: { autoConfiguration: true, pretty: false },
  });
  const project = await app.convert();
  if (project === undefined) throw new Error("TypeDoc found nothing to document");
  for (const module of project.children ?? [])
    module.name = module.name === "index" ? "holdfast" : `holdfast/${module.name}`;
  await app.generateOutputs(project);
  if (app.logger.hasErrors()) throw new Error("TypeDoc has reported errors");
  for (const file of readdirSync(out, { recursive: true }).filter((name) => name.endsWith(".md"))) {
    const path = join(out, file);
    writeFileSync(path, withTrueAnchors(readFileSync(path, "utf8")));
  }
}

/** TypeDoc numbers some headings that occur once: their links go to the heading without the number. */
function withTrueAnchors(text) {
  const headings = [...text.matchAll(/^#+ (.*)$/gm)].map(([, title]) =>
    title.toLowerCase().replace(/[^\w-]/g, ""),
  );
  const isNumbered = (name) => headings.filter((heading) => heading === name).length > 1;
  return text.replace(/\(#([\w-]+)-\d+\)/g, (link, name) => (isNumbered(name) ? link : `(#${name})`));
}
