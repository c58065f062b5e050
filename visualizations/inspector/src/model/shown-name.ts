import { plain } from "../../../../src/cli/plain.js";
import type { LockView } from "../../../../src/inspector/feed/frames.js";
import { nameOf } from "./sort.js";

/** A lock's name as it is written: nothing in it can make it look like another one. */
export const shownName = (lock: Pick<LockView, "resources">): string => plain(nameOf(lock));
