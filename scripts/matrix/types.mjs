/** The types, checked by each compiler in each way of resolving modules. */
import { clientProgram, clients } from "./types/clients.mjs";
import { commonjs, esm } from "./types/programs.mjs";

const compilers = ["5.4", "5.5", "5.6", "5.7", "5.8", "5.9", "6.0", "7"];
const nameOf = (version) => `typescript-${version}`;

/** The strictest options, the oldest target, and the checks of declaration files. */
const base = [
  "--noEmit",
  "--strict",
  "--exactOptionalPropertyTypes",
  "--noUncheckedIndexedAccess",
  "--noImplicitAny",
  "--skipLibCheck",
  "false",
  "--target",
  "es2021",
  "--types",
  "node",
];

const resolutions = [
  { name: "node10", args: ["--module", "commonjs", "--esModuleInterop"], files: { "node10.ts": esm } },
  { name: "node16", args: ["--module", "node16"], files: { "node16.mts": esm, "node16.cts": commonjs } },
  { name: "nodenext", args: ["--module", "nodenext"], files: { "next.mts": esm, "next.cts": commonjs } },
  { name: "bundler", args: ["--module", "esnext"], files: { "bundler.ts": esm } },
];

function resolutionRow(version, { name, args, files }) {
  // TypeScript 6 warns of this resolution, and 7 has removed it.
  const older = name === "node10" && version === "6.0" ? ["--ignoreDeprecations", "6.0"] : [];
  return {
    project: "alone",
    tool: nameOf(version),
    label: "TypeScript",
    what: `every entry point; moduleResolution ${name}, target ES2021, strict, exactOptionalPropertyTypes, no skipLibCheck`,
    async run(project) {
      for (const [file, text] of Object.entries(files)) await project.write(file, text);
      const options = [...base, ...args, "--moduleResolution", name, ...older];
      await compile(project, version, [...options, ...Object.keys(files)]);
    },
  };
}

/** The types of clients are not ours to check, and need newer libraries than ES2021. */
const clientOptions = ["--noEmit", "--strict", "--skipLibCheck", "--target", "es2022", "--esModuleInterop"];

const clientRow = (version, [name, client]) => ({
  project: "clients",
  tool: nameOf(version),
  label: "TypeScript",
  what: `nodes accepts the clients of ${name}`,
  async run(project) {
    const file = `${name.replace(/\W+/g, "-")}.mts`;
    await project.write(file, clientProgram(client));
    const options = [...clientOptions, "--module", "nodenext", "--moduleResolution", "nodenext"];
    await compile(project, version, [...options, file]);
  },
});

const compile = (project, version, args) => project.node(`node_modules/${nameOf(version)}/bin/tsc`, ...args);

const compilerPackages = (versions) =>
  versions.map((version) => `${nameOf(version)}@npm:typescript@${version}`);
const some = ["5.4", "7"];

export const types = {
  id: "types",
  projects: {
    alone: { packages: [...compilerPackages(compilers), "@types/node@20", "@opentelemetry/api"] },
    clients: {
      packages: [
        ...compilerPackages(some),
        "@types/node@20",
        ...clients.flatMap(([, { packages }]) => packages),
      ],
    },
  },
  rows: [
    ...compilers.flatMap((version) =>
      resolutions
        .filter(({ name }) => name !== "node10" || version !== "7")
        .map((resolution) => resolutionRow(version, resolution)),
    ),
    ...some.flatMap((version) => clients.map((client) => clientRow(version, client))),
  ],
};
