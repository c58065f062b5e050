import { Project } from "./project.mjs";

/** Runs the rows of a group one after another. Resolves with the tool, what was done, and the outcome of each. */
export async function runGroup(group, tarball, redis) {
  const projects = new Map();
  const results = [];
  try {
    for (const [name, parts] of Object.entries(group.projects)) {
      projects.set(name, await Project.create(tarball, redis, parts));
    }
    for (const row of group.rows) {
      const project = projects.get(row.project);
      const shown = row.label ?? row.tool;
      const tool = row.tool === undefined ? shown : `${shown} ${project.version(row.tool)}`;
      const outcome = await row.run(project).then(
        () => "works",
        (error) => `fails: ${String(error?.message ?? error)}`,
      );
      console.log(`${group.id}: ${tool}: ${row.what}: ${outcome}`);
      results.push({ tool, what: row.what, outcome });
    }
  } finally {
    for (const project of projects.values()) await project.remove();
  }
  return results;
}
