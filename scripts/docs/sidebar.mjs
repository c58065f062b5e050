import { readFileSync } from "node:fs";

/** The sections of docs/README.md, with the pages of their tables. */
export function sidebarOf(page = readFileSync("docs/README.md", "utf8")) {
  const [, ...sections] = page.split(/^## /m);
  const documentation = sections.map((section) => ({
    text: section.slice(0, section.indexOf("\n")),
    items: [...section.matchAll(/^\| \[([^\]]+)\]\(([^)]+)\)/gm)].map(([, text, address]) => ({
      text,
      link: linkOf(address),
    })),
  }));
  return [{ text: "Start", link: "/" }, ...documentation];
}

const linkOf = (address) =>
  new URL(address, "http://site/docs/").pathname
    .replace(/README\.md$/, "")
    .replace(/\.md$/, "")
    .replace(/\/charts$/, "/charts/");
