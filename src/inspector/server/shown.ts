import type { Frame } from "../frames.js";
import type { Hub } from "./hub.js";

/** Metrics as Prometheus reads them. */
export interface Exposition {
  text(): Promise<string>;
  stop(): Promise<void>;
}

/** What a server shows. */
export interface Shown {
  readonly title: string;
  readonly hub: Hub;
  /** To be played again; null when it shows what happens now. */
  readonly recording: readonly Frame[] | null;
  /** Asked for once, with the first request for them. Null where the packages that make them are not installed. */
  metrics(): Promise<Exposition | null>;
}
