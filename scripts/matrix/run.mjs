import { Project } from "./project.mjs";

/** The projects of earlier groups with the same packages, by their description. */
const projects = new Map();

/** Removes the projects of all groups. */
export async function removeProjects() {
  for (const project of projects.values()) await project.remove();
}

async function projectOf(tarball, servers, parts) {
  const key = JSON.stringify(parts);
  const project = projects.get(key) ?? (await Project.create(tarball, servers, parts));
  projects.set(key, project);
  return project;
}

/**
 * Runs the rows of a group, `atOnce` at a time (default 1). Resolves with the tool, what was done, and the outcome of each,
 * and the row and the column of a cell.
 */
export async function runGroup(group, tarball, servers) {
  const own = new Map();
  for (const [name, parts] of Object.entries(group.projects)) {
    own.set(name, await projectOf(tarball, servers, parts));
  }
  const results = new Array(group.rows.length);
  const waiting = group.rows.entries();
  const work = async () => {
    for (const [index, row] of waiting) {
      const project = own.get(row.project);
      const shown = row.label ?? row.tool;
      const tool = row.tool === undefined ? shown : `${shown} ${project.version(row.tool)}`;
      const excluded = row.unsupported?.(project) ?? null;
      const outcome =
        excluded === null
          ? await row.run(project).then(
              (said) => said ?? "works",
              (error) => `fails: ${String(error?.message ?? error)}`,
            )
          : `unsupported: ${excluded}`;
      console.log(`${group.id}: ${row.row === undefined ? `${tool}: ` : ""}${row.what}: ${outcome}`);
      results[index] = { tool, what: row.what, row: row.row, column: row.column, outcome };
    }
  };
  await Promise.all(Array.from({ length: group.atOnce ?? 1 }, work));
  return results;
}
