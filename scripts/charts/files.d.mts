/** Generates the contents of each chart file, by its path in the project. `charts`: the exports of src/charts. */
export function chartFiles(charts: object): Promise<Map<string, string>>;
