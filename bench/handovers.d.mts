export function handoversOf(leases: readonly (readonly [granted: number, released: number])[]): number[];
