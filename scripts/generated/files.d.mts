/** Returns the paths of the files in `folder` that are missing or out of date. */
export function staleFiles(files: ReadonlyMap<string, string>, folder: string): string[];
