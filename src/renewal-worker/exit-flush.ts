import { onExitLate } from "../support/platform.js";

interface Flushed {
  /** The process is exiting: what was sent must be written before the process is gone. */
  exit(): void;
}

const links = new Set<Flushed>();
let hooked = false;

/** Flushes the link when the process exits. Returns a function that ends this. */
export function flushAtExit(link: Flushed): () => void {
  links.add(link);
  if (!hooked) {
    hooked = true;
    onExitLate(() => {
      for (const each of links) each.exit();
    });
  }
  return () => links.delete(link);
}
