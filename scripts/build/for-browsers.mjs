/** A plugin of Rolldown and Vite: modules that have a form for browsers, beside them as `name.browser`, are replaced by it. */
import { existsSync } from "node:fs";
import { dirname, resolve } from "node:path";

/** Modules that the core of a browser mentions and never runs: a thread, publishing, and sockets. */
const unreachable = /[\\/](?:thread-code|publisher)\.js$|^node:(?:net|tls)$/;

export function forBrowsers() {
  return {
    name: "for-browsers",
    enforce: "pre",
    resolveId(id, importer) {
      if (unreachable.test(id)) return "\0unreachable";
      if (importer === undefined || !/^\..*\.[jt]s$/.test(id)) return null;
      const file = resolve(dirname(importer), id);
      const forms = [file.replace(/\.js$/, ".browser.ts"), file.replace(/\.js$/, ".browser.js")];
      return forms.find((form) => form !== importer && existsSync(form)) ?? null;
    },
    load: (id) => (id === "\0unreachable" ? "export {};" : null),
  };
}
