import type { Kind } from "./kind.js";

const names: Record<Kind, string> = {
  lock: "",
  shared: "shared lock",
  semaphore: "semaphore",
  election: "election",
};

/** What a resource is locked with; nothing for a plain lock. */
export function KindLabel({ kind }: { readonly kind: Kind }) {
  return kind === "lock" ? null : <span class="kind">{names[kind]}</span>;
}
