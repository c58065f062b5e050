import type { Trouble } from "./resources.js";

/** What is wrong with a resource, in words. */
export const troubleNames: Record<Trouble, string> = {
  overlap: "held twice",
  lost: "lost",
  noQuorum: "no quorum",
  silent: "silent",
};
