export function entryBefore(): string | undefined;
export function chooseBefore(folder: string): { readonly version: string; readonly built: string };
