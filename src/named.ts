/** `"payouts:42"`, or `"a", "b"`: how resources are named in messages. */
export const named = (resources: readonly string[]): string =>
  resources.map((resource) => JSON.stringify(resource)).join(", ");
