/** Generates the contents of each chart file, by its path in the project. `charts`: the exports of src/charts. */
export function chartFiles(charts: object): Promise<Map<string, string>>;

/** Returns the paths of the files in `folder` that are missing or out of date. */
export function staleFiles(files: ReadonlyMap<string, string>, folder: string): string[];
