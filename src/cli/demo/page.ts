import type { Locks } from "../../api/types.js";
import { isHoldfastError } from "../../errors.js";
import type { Inspector } from "../../inspector.js";
import { output } from "../output.js";

/** The page that shows the demo's locks: at the usual port, else at any. Null where none can be had: then without. */
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
    output.complain(`there is no page to look at: ${error.message}`);
    return null;
  }
}
