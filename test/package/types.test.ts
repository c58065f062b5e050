import { existsSync, readFileSync } from "node:fs";
import { mkdir, symlink } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { commonjs, esm } from "../../scripts/matrix/types/programs.mjs";
import { Consumer } from "./consumer.js";

const { exports } = JSON.parse(readFileSync("package.json", "utf8")) as {
  exports: Record<string, string | Record<string, { readonly types: string }>>;
};

/** The declaration files of the entry points. */
const entries = Object.entries(exports).flatMap(([entry, target]) =>
  typeof target === "string"
    ? []
    : [...new Set(Object.values(target).map(({ types }) => types))].map((types) => [entry, types] as const),
);

/** The packages that a declaration file imports, directly or through others of this package. */
function packagesOf(file: string, seen = new Set<string>()): Set<string> {
  const found = new Set<string>();
  if (seen.has(file)) return found;
  seen.add(file);
  for (const [, name = ""] of readFileSync(file, "utf8").matchAll(/(?:from |import\(|require\()"([^"]+)"/g)) {
    if (!name.startsWith(".")) found.add(name);
    else
      for (const inner of packagesOf(join(dirname(file), name.replace(/\.(c?)js$/, ".d.$1ts")), seen))
        found.add(inner);
  }
  return found;
}

/** The packages that the users of an entry point have. */
const had: Readonly<Record<string, readonly string[]>> = {
  "./telemetry": ["@opentelemetry/api"],
  "./nest": ["@nestjs/common"],
  "./fastify": ["fastify"],
  "./hono": ["hono"],
  "./bullmq": ["bullmq"],
};

describe("the types of the packed package", () => {
  it.each(entries)("of %s refer to no package that programs may lack: %s", (entry, types) => {
    const allowed = had[entry] ?? [];
    const others = [...packagesOf(types)].filter((name) => !name.startsWith("node:"));
    expect(others.filter((name) => !allowed.includes(name))).toEqual([]);
  });

  describe("in a program", () => {
    let consumer: Consumer;
    beforeAll(async () => {
      consumer = await Consumer.install();
      for (const scope of ["@opentelemetry", "@types"]) {
        await mkdir(join(consumer.folder, "node_modules", scope), { recursive: true });
      }
      for (const name of ["@opentelemetry/api", "@types/node", "undici-types"]) {
        const target = join(consumer.folder, "node_modules", name);
        if (!existsSync(target)) await symlink(resolve("node_modules", name), target);
      }
    }, 180_000);
    afterAll(() => consumer?.remove());

    // scripts/matrix.mjs does the same with older compilers.
    it.each([
      ["node16", ["--module", "node16"], { "node16.mts": esm, "node16.cts": commonjs }],
      ["nodenext", ["--module", "nodenext"], { "next.mts": esm, "next.cts": commonjs }],
      ["bundler", ["--module", "esnext"], { "bundler.ts": esm }],
    ])(
      "compile for ES2021, and refuse what is no node or no resource: %s",
      async (name, args, files) => {
        for (const [file, text] of Object.entries(files)) await consumer.write(file, text);
        const options = ["--moduleResolution", name, "--exactOptionalPropertyTypes", "--types", "node"];
        await consumer.typecheck([
          "--target",
          "es2021",
          "--lib",
          "es2021",
          ...args,
          ...options,
          ...Object.keys(files),
        ]);
      },
      120_000,
    );
  });
});
