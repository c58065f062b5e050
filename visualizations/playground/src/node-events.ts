/** Waits for an event that never comes: everything that is written to the page has room. */
export const once = (): Promise<never> => new Promise(() => {});
