/** Each file that shows the machines, by its path in the project, and what it should say. */
export function chartFiles(charts: object): Promise<Map<string, string>>;

/** The paths of those that do not say in this folder what they should. */
export function staleFiles(files: ReadonlyMap<string, string>, folder: string): string[];
