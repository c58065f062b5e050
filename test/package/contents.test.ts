import { mkdtemp, readFile, rm } from "node:fs/promises";
import { isBuiltin } from "node:module";
import { tmpdir } from "node:os";
import { join, posix, resolve } from "node:path";
import { checkPackage, createPackageFromTarballData, type Package } from "@arethetypeswrong/core";
import { publint } from "publint";
import { formatMessage } from "publint/utils";
import { beforeAll, describe, expect, it } from "vitest";
import { pack } from "./consumer.js";

describe("the packed package", () => {
  let tarball: Buffer;
  let packed: Package;
  beforeAll(async () => {
    const folder = await mkdtemp(join(tmpdir(), "holdfast-packed-"));
    tarball = await readFile(await pack(folder));
    await rm(folder, { recursive: true });
    packed = createPackageFromTarballData(tarball);
  });

  it("passes publint", async () => {
    const data = tarball.buffer.slice(
      tarball.byteOffset,
      tarball.byteOffset + tarball.byteLength,
    ) as ArrayBuffer;
    const { messages, pkg } = await publint({ pack: { tarball: data }, strict: true });
    expect(messages.map((message) => formatMessage(message, pkg))).toEqual([]);
  });

  it("has types that resolve everywhere", async () => {
    const result = await checkPackage(packed);
    expect(result).toMatchObject({ types: { kind: "included" }, problems: [] });
  }, 120_000);

  it("contains no sources, no source maps, and no paths of the machine that built it", async () => {
    const files = packed.listFiles();
    expect(files.filter((file) => /\/(test|src|build)\/|\.test\.|\.cache|\.map$/.test(file))).toEqual([]);
    const scripts = files.filter((file) => /dist\/.*\.c?js$/.test(file));
    expect(scripts.filter((file) => packed.readFile(file).includes(resolve(".")))).toEqual([]);
    expect(scripts.filter((file) => file.endsWith("dist/esm/cli.js"))).toHaveLength(1);
    // The built page is a module.
    expect(scripts.filter((file) => /page-content\.js$/.test(file))).toHaveLength(2);
    expect(files.filter((file) => /visualizations\/(?!charts\/)/.test(file))).toEqual([]);
    expect(files.filter((file) => /visualizations\/charts\/lock\./.test(file))).toHaveLength(3);
  });

  it("has no entry point that loads files of the command", () => {
    const folder = "/node_modules/holdfast/dist/esm/";
    const { exports } = JSON.parse(packed.readFile("/node_modules/holdfast/package.json"));
    const entries = Object.keys(exports).filter((entry) => entry !== "./package.json");
    const importsOf = (file: string) =>
      [...packed.readFile(folder + file).matchAll(/(?:from ?|import ?\(?)["'`]\.\/([\w-]+\.js)["'`]/g)].map(
        ([, name = ""]) => name,
      );
    const reached = new Set<string>(
      entries.map((entry) => (entry === "." ? "index.js" : `${entry.slice(2)}.js`)),
    );
    for (const file of reached) for (const imported of importsOf(file)) reached.add(imported);
    expect(reached).toContain("core.js");
    expect([...reached].filter((file) => /^(command|watch|chart|ui|cli|watchdog)\.js$/.test(file))).toEqual(
      [],
    );
  });

  it("has the files to which its pages link, except for the benchmarks and the decisions, which are large", () => {
    const root = "/node_modules/holdfast/";
    const files = packed.listFiles();
    const pages = files.filter((file) => file.startsWith(root) && file.endsWith(".md"));
    const missing = pages.flatMap((page) => {
      const text = packed.readFile(page).replace(/^```[\s\S]*?^```/gm, "");
      return [...text.matchAll(/\]\(([^)\s#]+)[^)\s]*\)/g)]
        .map(([, link = ""]) => link)
        .filter((link) => !/^\w+:/.test(link))
        .map((link) => posix.join(posix.dirname(page), link).replace(/\/$/, ""))
        .filter((path) => !/docs\/(benchmarks\.|decisions)/.test(path))
        .filter((path) => !files.some((file) => file === path || file.startsWith(`${path}/`)));
    });
    expect(pages.length).toBeGreaterThan(30);
    expect(missing).toEqual([]);
  });

  it("depends only on the client, the state machines and the emitter, and contains the rest, with its licences", async () => {
    const text = (file: string) => packed.readFile(`/node_modules/holdfast/${file}`);
    const { dependencies, peerDependencies } = JSON.parse(text("package.json"));
    expect(Object.keys(dependencies)).toEqual(["eventemitter3", "ioredis", "xstate"]);
    const imported = packed
      .listFiles()
      .filter((file) => /dist\/.*\.c?js$/.test(file))
      .flatMap((file) => [
        ...packed
          .readFile(file)
          .matchAll(/\b(?:from ?|import ?|(?:import|require)\()(["`])([\w@][\w@/.:-]*)\1/g),
      ])
      .map(([, , name = ""]) => name)
      .filter((name) => !isBuiltin(name));
    // Of these, the package needs the types, or nothing: programs give their clients.
    const unneeded = ["bullmq", "fastify", "hono", "redis"];
    expect([...new Set(imported)].sort()).toEqual(
      Object.keys({ ...dependencies, ...peerDependencies })
        .filter((name) => !unneeded.includes(name))
        .sort(),
    );
    const licences = text("dist/licenses.md");
    for (const name of ["cluster-key-slot", "commander", "log-update", "preact", "valibot"])
      expect(licences).toMatch(new RegExp(`^## ${name} [\\d.]+ \\([\\w.-]+\\)\\n\\n\\S`, "m"));
  });
});
