/** Package managers, and the ways in which they store packages. Each installs into a folder of its own. */
import { mkdir, rm } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";

/** ms until a job whose `holdfast run` was killed must have ended. */
const endTimeout = 10_000;

const program = (take) => `
${take("holdfast", "createLocks")}
${take("holdfast/inspector", "serveInspector")}
async function main() {
  const locks = createLocks({ nodes: [process.env.REDIS_URL] });
  await locks.using("a", () => console.log("held"));
  const keeping = createLocks({ nodes: [process.env.REDIS_URL], renewal: "worker" });
  await keeping.using("b", () => console.log("kept"));
  await keeping.close();
  const inspector = await serveInspector(locks, { port: 0 });
  const page = await fetch(inspector.url);
  const script = /assets\\/[^"]+\\.js/.exec(await page.text())[0];
  console.log("page", page.status, (await fetch(inspector.url + script)).status);
  await inspector.close();
  await locks.close();
}
main();
`;

const files = {
  "esm.mjs": program((from, names) => `import { ${names} } from "${from}";`),
  "common.cjs": program((from, names) => `const { ${names} } = require("${from}");`),
};

const yarn = (project, folder) => (args, options) =>
  project.run(process.execPath, [project.path("node_modules/@yarnpkg/cli-dist/bin/yarn.js"), ...args], {
    cwd: folder,
    // Nothing of the user's own settings, and no cache outside the folder.
    env: {
      HOME: folder,
      HOLDFAST_NODES: project.redis,
      YARN_ENABLE_TELEMETRY: "0",
      YARN_ENABLE_GLOBAL_CACHE: "0",
    },
    ...options,
  });

const withYarn = (linker) => ({
  tool: "@yarnpkg/cli-dist",
  label: "Yarn",
  what: `nodeLinker: ${linker}`,
  async install(project, folder) {
    await project.write(`${folder}/.yarnrc.yml`, `nodeLinker: ${linker}\n`);
    await project.write(`${folder}/yarn.lock`, "");
    const run = yarn(project, project.path(folder));
    await run(["install"]);
    return { node: (file) => run(["node", file]), holdfast: (...args) => run(["holdfast", ...args]) };
  },
});

const withPnpm = {
  tool: "pnpm",
  label: "pnpm",
  what: "its own store, isolated packages",
  async install(project, folder) {
    const options = {
      cwd: project.path(folder),
      env: { HOLDFAST_NODES: project.redis, CI: "1" },
    };
    const pnpm = (...args) =>
      project.run(process.execPath, [project.path("node_modules/pnpm/bin/pnpm.cjs"), ...args], options);
    await pnpm("install", "--store-dir", project.path("pnpm-store"));
    return {
      node: (file) => pnpm("exec", "node", file),
      holdfast: (...args) => pnpm("exec", "holdfast", ...args),
    };
  },
};

const withNpm = {
  label: "npm",
  what: "node_modules",
  async install(project, folder) {
    const options = { cwd: project.path(folder), env: { HOLDFAST_NODES: project.redis } };
    await project.run("npm", ["install", "--prefer-offline", "--no-audit", "--no-fund"], options);
    return {
      node: (file) => project.run(process.execPath, [file], options),
      holdfast: (...args) => project.run("npx", ["holdfast", ...args], options),
    };
  },
};

const row = ({ tool, label, what, install }, index) => ({
  project: "tools",
  tool,
  label,
  what: `${what}: import, require, the page, holdfast run and its watchdog`,
  async run(project) {
    const folder = `manager-${index}`;
    await mkdir(project.path(folder), { recursive: true });
    const dependencies = { holdfast: `file:${project.tarball}` };
    await project.write(
      `${folder}/package.json`,
      JSON.stringify({ name: "app", private: true, dependencies }),
    );
    for (const [file, text] of Object.entries(files)) await project.write(`${folder}/${file}`, text);
    const installed = await install(project, folder);
    for (const file of Object.keys(files)) {
      expectPrinted(file, await installed.node(file), "held\nkept\npage 200 200");
    }
    expectPrinted(
      "holdfast run",
      await installed.holdfast("run", "--resource", "x", "--", "echo", "ran"),
      "ran",
    );
    await checkWatchdog(installed.holdfast);
    await rm(project.path(folder), { recursive: true, force: true });
  },
});

function expectPrinted(what, printed, wanted) {
  if (printed !== wanted) throw new Error(`${what} printed "${printed}" instead of "${wanted}"`);
}

/** Kills `holdfast run` from its own job: the watchdog must then end the job, which would go on for a minute. */
async function checkWatchdog(holdfast) {
  const job = `
    process.kill(process.ppid, "SIGKILL");
    require("node:fs").writeSync(1, String(process.pid));
    setTimeout(() => {}, 60_000);`;
  const failed = await holdfast(
    "run",
    "--resource",
    "y",
    "--grace",
    "1s",
    "--",
    process.execPath,
    "-e",
    job,
  ).then(
    (printed) => printed,
    (error) => error.message,
  );
  const pid = Number(/\d+/.exec(failed)?.[0]);
  for (const started = Date.now(); isAlive(pid); await sleep(100)) {
    if (Date.now() - started < endTimeout) continue;
    process.kill(pid, "SIGKILL");
    throw new Error("the watchdog did not end the job of a holdfast that was killed");
  }
}

function isAlive(pid) {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

export const packageManagers = {
  id: "package-managers",
  projects: { tools: { install: false, packages: ["@yarnpkg/cli-dist@4", "pnpm@10"] } },
  rows: [withNpm, withPnpm, withYarn("pnp"), withYarn("node-modules"), withYarn("pnpm")].map(row),
};
