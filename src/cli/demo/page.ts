import type { Locks } from "../../api/types.js";
import { isHoldfastError } from "../../errors.js";
import type { Inspector } from "../../inspector/serve-inspector.js";
import type { Story } from "../../inspector/server/story.js";
import { output } from "../output.js";

/**
 * Serves a page that shows the demo's locks and tells its story, at the default port or else at any free port. Returns null if neither is
 * available.
 */
export async function openPage(locks: readonly Locks[], story: Story | null): Promise<Inspector | null> {
  const { serveWithStory } = await import("../../inspector/serve-inspector.js");
  const title = "holdfast demo";
  try {
    return await serveWithStory(locks, { title }, story).catch((error: unknown) => {
      if (isHoldfastError(error, "CANNOT_LISTEN")) return serveWithStory(locks, { title, port: 0 }, story);
      throw error;
    });
  } catch (error) {
    if (!isHoldfastError(error, "CANNOT_LISTEN")) throw error;
    output.error(`there is no page to look at: ${error.message}`);
    return null;
  }
}
