/** The versions that the matrix ran. */
import { clients } from "./smoke/clients.mjs";
import { runtimes } from "./smoke/runtimes.mjs";
import { kinds } from "./smoke/servers.mjs";
import { smokeProject } from "./smoke.mjs";

const row = (what, label, version) => ({ project: "all", label, what, run: async (project) => version(project) });

export const versions = {
  id: "versions",
  projects: { all: smokeProject },
  rows: [
    ...runtimes.map(({ label, installed }) => row("runtime", label, (project) => project.version(installed))),
    ...kinds.map(([label]) =>
      row("server", label, ({ servers }) => servers.find((server) => server.label === label).version),
    ),
    ...clients
      .filter(({ builtIn }) => builtIn === undefined)
      .map(({ label, libraries }) => row("client", label, (project) => project.version(libraries[0]))),
  ],
};
