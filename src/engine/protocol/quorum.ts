/** How many of `nodes` must agree. */
export const quorumOf = (nodes: number): number => Math.floor(nodes / 2) + 1;
