import { readFileSync } from "node:fs";
import { defineConfig } from "vitepress";

/** Written by scripts/docs.mjs, with the rest of `content`. */
const { sidebar, version } = JSON.parse(
  readFileSync(new URL("../content/site.json", import.meta.url), "utf8"),
);

export default defineConfig({
  title: "Holdfast",
  description: "A distributed lock for Node.js that can be watched",
  srcDir: "content",
  outDir: "../build/site",
  // The site may be put anywhere: HOLDFAST_SITE_BASE="/holdfast/".
  base: process.env.HOLDFAST_SITE_BASE ?? "/",
  lastUpdated: false,
  // Wrong links fail the build, but for files that VitePress takes for pages.
  ignoreDeadLinks: [/\/playground\//, /\.cjs$/, /\/LICENSE$/],
  markdown: {
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
