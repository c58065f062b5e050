/** One smoke program, as ES module and as CommonJS, in every runtime, on every server, with every client: four at a time, because they wait for a renewal. */
import { readFileSync } from "node:fs";
import { clients, mixed } from "./smoke/clients.mjs";
import { smokeProgram } from "./smoke/program.mjs";
import { runtimes, usual } from "./smoke/runtimes.mjs";
import { kinds } from "./smoke/servers.mjs";

/** ms until a program that has not ended by itself counts as hanging. */
const endTimeout = 120_000;

const forms = {
  mjs: [
    (from, names) => `import { ${names} } from "${from}";`,
    (from, name) => `import * as ${name} from "${from}";`,
  ],
  cjs: [
    (from, names) => `const { ${names} } = require("${from}");`,
    (from, name) => `const ${name} = require("${from}");`,
  ],
};

let serial = 0;

function cell(row, column, { runtime, client, kind }) {
  return {
    row,
    column,
    project: "all",
    what: `${row}, ${column}`,
    tool: undefined,
    label: runtime.label,
    unsupported: (project) => unsupported(project, runtime, client),
    async run(project) {
      const server = project.servers.find(({ label }) => label === kind);
      for (const [extension, [take, takeAll]] of Object.entries(forms)) {
        const prefix = `matrix${++serial}:`;
        const file = `cell-${serial}.${extension}`;
        await project.write(file, smokeProgram(take, takeAll, client));
        const [command, args] = runtime.command(project, file);
        const env = { PORTS: server.ports.join(), URLS: server.urls.join(), PREFIX: prefix };
        const printed = await project.run(command, args, { env, timeout: endTimeout });
        if (printed !== "ok") throw new Error(`${extension} printed ${printed}`);
      }
    },
  };
}

/** Why the upstream excludes a cell, by its own word; null if it does not. */
function unsupported(project, runtime, client) {
  if (client.builtIn !== undefined && client.builtIn !== runtime.label) return `part of ${client.builtIn}`;
  if (!runtime.node) return null;
  const present = project.version(runtime.installed);
  for (const name of client.libraries.filter((library) => library !== "bun")) {
    const { engines } = JSON.parse(readFileSync(project.path(`node_modules/${name}/package.json`), "utf8"));
    const oldest = /^>=\s*(\d+(?:\.\d+)*)/.exec(engines?.node ?? "")?.[1];
    if (oldest !== undefined && isOlder(present, oldest)) return `needs Node.js ${engines.node}`;
  }
  return null;
}

function isOlder(present, oldest) {
  const [a, b] = [present, oldest].map((version) => version.split(".").map(Number));
  for (let index = 0; index < b.length; index++) {
    if ((a[index] ?? 0) !== b[index]) return (a[index] ?? 0) < b[index];
  }
  return false;
}

const packagesOf = (parts) =>
  Object.entries(Object.assign({}, ...parts.map(({ packages }) => packages))).map(([name, spec]) => `${name}@${spec}`);

/** One project with every runtime and every client. */
export const smokeProject = { packages: packagesOf([mixed, ...clients, ...runtimes]) };
const kindNames = kinds.map(([label]) => label);
const runtimeOf = (client) => runtimes.find(({ label }) => label === client.builtIn) ?? usual;

const cross = (id, rows, header) => ({ id, header, projects: { all: smokeProject }, rows, atOnce: 4 });

export const smoke = [
  cross(
    "runtimes",
    runtimes.flatMap((runtime) =>
      kindNames.map((kind) => cell(runtime.label, kind, { runtime, client: mixed, kind })),
    ),
    `${mixed.label} under`,
  ),
  cross(
    "clients",
    clients.flatMap((client) =>
      kindNames.map((kind) => cell(client.label, kind, { runtime: runtimeOf(client), client, kind })),
    ),
    "client",
  ),
  cross(
    "runtimes-clients",
    clients.flatMap((client) =>
      runtimes.map((runtime) => cell(client.label, runtime.label, { runtime, client, kind: "Redis 7" })),
    ),
    "client",
  ),
];
