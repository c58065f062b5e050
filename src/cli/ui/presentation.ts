import type { Shown } from "../../inspector/server/shown.js";

/** The content of the page, and how to end it. */
export interface Presentation extends Shown {
  end(): Promise<void>;
}
