import { plain } from "../../../../src/cli/plain.js";
import type { LockView } from "../../../../src/inspector/feed/frames.js";

/** A lock's name for display, without characters that could make it look like another name. */
export const shownName = ({ resources }: Pick<LockView, "resources">): string => plain(resources.join(" "));
