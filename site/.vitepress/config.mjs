import { readFileSync } from "node:fs";
import { defineConfig } from "vitepress";

/** Written by scripts/docs.mjs, with the rest of `content`. */
const { sidebar, version } = JSON.parse(
  readFileSync(new URL("../content/site.json", import.meta.url), "utf8"),
);

/** The name of a heading in addresses, as GitHub makes it: the pages are written for both. */
const slugify = (heading) =>
  heading
    .trim()
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\p{M}_ -]/gu, "")
    .replaceAll(" ", "-");

const icon =
  "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 32 32'%3E%3Crect width='32' height='32' rx='8' fill='%2314695c'/%3E%3Cpath d='M10 7v18M22 7v18M10 16h12' fill='none' stroke='%23fff' stroke-width='4' stroke-linecap='round'/%3E%3C/svg%3E";

export default defineConfig({
  title: "Holdfast",
  description: "A distributed lock for Node.js that can be watched",
  head: [["link", { rel: "icon", type: "image/svg+xml", href: icon }]],
  srcDir: "content",
  outDir: "../build/site",
  // The site may be put anywhere: HOLDFAST_SITE_BASE="/holdfast/".
  base: process.env.HOLDFAST_SITE_BASE ?? "/",
  lastUpdated: false,
  // Wrong links fail the build. The playground is no page of VitePress.
  ignoreDeadLinks: [/\/playground\//],
  markdown: {
    anchor: { slugify },
    // Names such as `<resource>` in a text are no elements.
    config: (markdown) => markdown.set({ html: false }),
  },
  themeConfig: {
    nav: [
      { text: "Documentation", link: "/docs/" },
      { text: "API", link: "/api/" },
      { text: "Charts", link: "/visualizations/charts/" },
      { text: "Playground", link: "/playground/index.html", target: "_self" },
    ],
    sidebar,
    outline: [2, 3],
    search: { provider: "local" },
    footer: { message: `Holdfast ${version}` },
  },
});
