/** The runtimes of the matrix, as binaries from npm. */
import { existsSync } from "node:fs";

const { platform, arch } = process;

const node = (version) => ({
  label: `Node.js ${version}`,
  packages: { [`node-${version}`]: `npm:node-${platform}-${arch}@${version}` },
  installed: `node-${version}`,
  node: true,
  command: (project, file) => [project.path(`node_modules/node-${version}/bin/node`), [file]],
});

const bun = {
  label: "Bun",
  packages: { bun: "latest" },
  installed: "bun",
  command: (project, file) => [project.path(`node_modules/@oven/bun-${platform}-${arch === "arm64" ? "aarch64" : arch}/bin/bun`), [file]],
};

const deno = {
  label: "Deno",
  packages: { deno: "latest" },
  installed: "deno",
  command(project, file) {
    const names = ["-glibc", ""].map((libc) => `node_modules/@deno/${platform}-${arch}${libc}/deno`);
    const binary = names.find((name) => existsSync(project.path(name))) ?? names[0];
    return [project.path(binary), ["run", "--allow-all", "--node-modules-dir=manual", "--no-lock", file]];
  },
};

/** The oldest supported version is that of `engines` in package.json. */
export const runtimes = [
  node("20.0.0"),
  node("20.19"),
  node("22"),
  node("24"),
  { ...node("latest"), label: "Node.js, the newest" },
  bun,
  deno,
];

/** The runtime of the cells that do not name one. */
export const usual = runtimes[2];
