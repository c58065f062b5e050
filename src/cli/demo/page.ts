import type { Locks } from "../../api/types.js";
import { isHoldfastError } from "../../errors.js";
import type { Inspector } from "../../inspector.js";
import { output } from "../output.js";

/**
 * Serves a page that shows the demo's locks, at the default port or else at any free port. Returns null if neither is
 * available.
 */
export async function openPage(locks: readonly Locks[]): Promise<Inspector | null> {
  const { serveInspector } = await import("../../inspector.js");
  const title = "holdfast demo";
  try {
    return await serveInspector(locks, { title }).catch((error: unknown) => {
      if (isHoldfastError(error, "CANNOT_LISTEN")) return serveInspector(locks, { title, port: 0 });
      throw error;
    });
  } catch (error) {
    if (!isHoldfastError(error, "CANNOT_LISTEN")) throw error;
    output.error(`there is no page to look at: ${error.message}`);
    return null;
  }
}
