export function generate(root: string, options?: { readonly allowUnused?: boolean }): string;
export function isCurrent(root: string): boolean;
export function write(root: string, options?: { readonly allowUnused?: boolean }): void;
